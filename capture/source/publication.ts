import type { Client } from 'pg';
import { parseTableName } from '../../model/change';
import { Blocked, InvalidConfig } from '../../model/errors';
import type { CapturedTable } from './catalogue';
import { quoteName, quoteTable } from './quoting';

/** What the publication of this name is at present. */
export interface Publication {
  readonly all: boolean;
  readonly everything: boolean;
  readonly viaRoot: boolean;
  /** By this role, which may alter it then. */
  readonly owned: boolean;
  /** Tables with stored generated columns, when it leaves those out; none before PostgreSQL 18. */
  readonly withoutGenerated: ReadonlySet<number>;
  /** Tables named in it, with what would make it leave rows or columns out. */
  readonly tables: ReadonlyMap<number, { readonly partial: boolean }>;
}

/**
 * Makes the publication hold every captured table, whole rows of all operations, partitions under their root. `begun`
 * names the tables whose capture has begun: one of those missing from the publication means that its changes were
 * dropped unread, which no later statement mends.
 */
export async function ensurePublication(
  client: Client,
  input: {
    readonly name: string;
    readonly tables: readonly CapturedTable[];
    readonly begun: readonly string[];
  },
): Promise<void> {
  const { name, tables } = input;
  const publication = await readPublication(client, name);
  const missing = tables.filter((table) => !(publication && covers(publication, table)));
  refuseGap(name, missing, input.begun);
  if (publication === null) {
    // As one query it is one transaction. Before 18 the option is unknown, so it is no part of the statement for all.
    const generated = (await publishesGenerated(client)) ? publishGenerated(name) : '';
    await client.query(`${createPublication(name, tables)}; ${generated}`);
    return;
  }
  const lacksGenerated = tables.some((table) => publication.withoutGenerated.has(table.relationId));
  // A publication made before such a table, or by hand. Left so, PostgreSQL would refuse the table's updates.
  if (lacksGenerated && publication.owned) await client.query(publishGenerated(name));
  checkWhole(name, publication.owned ? { ...publication, withoutGenerated: new Set() } : publication, tables);
  if (missing.length > 0) {
    // A transaction open now may have written to these tables before they were published, and those changes never
    // stream. The copy does not take a chunk before it sees every transaction open at the session's start (copy.ts).
    await client.query(alterPublication(name, missing));
  }
}

/** At a session's start: the stream must carry every captured table, or its changes would pass unseen. */
export async function checkPublication(
  client: Client,
  input: { readonly name: string; readonly tables: readonly CapturedTable[] },
): Promise<void> {
  const publication = await readPublication(client, input.name);
  const missing = input.tables.filter((table) => !(publication && covers(publication, table)));
  refuseGap(
    input.name,
    missing,
    missing.map((table) => table.name),
  );
  if (publication) checkWhole(input.name, publication, input.tables);
}

function refuseGap(name: string, missing: readonly CapturedTable[], begun: readonly string[]): void {
  const lost = missing.filter((table) => begun.includes(table.name)).map((table) => table.name);
  if (lost.length === 0) return;
  // Invariant 9: what was written while the table was not published is not in the stream, and never will be.
  throw new Blocked(
    'slot-lost',
    `The publication ${name} does not hold ${lost.join(', ')} any more: changes made since it was taken out were never ` +
      'captured. Begin a new log with a new pipeline; the stores are built from it beside what they hold.',
  );
}

function checkWhole(name: string, publication: Publication, tables: readonly CapturedTable[]): void {
  if (!publication.everything || !publication.viaRoot) {
    throw new InvalidConfig(
      `The publication ${name} leaves operations out or publishes partitions by themselves. Run: alter publication ` +
        `${quoteName(name)} set (${wholeOptions});`,
    );
  }
  const without = tables.filter((table) => publication.withoutGenerated.has(table.relationId));
  if (without.length > 0) {
    throw new InvalidConfig(
      `The publication ${name} leaves out the generated columns of ${without.map((table) => table.name).join(', ')}, so ` +
        `PostgreSQL refuses to update them. Run: ${publishGenerated(name)};`,
    );
  }
  const partial = tables.filter((table) => publication.tables.get(table.relationId)?.partial);
  if (partial.length > 0) {
    throw new InvalidConfig(
      `The publication ${name} has a row filter or a column list for ${partial.map((table) => table.name).join(', ')}: ` +
        'records must be complete rows. Drop the table from the publication and add it without them.',
    );
  }
}

/**
 * Under REPLICA IDENTITY FULL a row is published whole or not at all: PostgreSQL 18 refuses every update and delete of a
 * table whose stored generated columns the publication leaves out.
 */
export function publishGenerated(name: string): string {
  return `alter publication ${quoteName(name)} set (publish_generated_columns = stored)`;
}

async function publishesGenerated(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ yes: string }>(
    `select current_setting('server_version_num')::int >= 180000 as yes`,
  );
  return rows[0]?.yes === 't';
}

export const wholeOptions = "publish = 'insert, update, delete, truncate', publish_via_partition_root = true";

export function createPublication(name: string, tables: readonly CapturedTable[]): string {
  return `create publication ${quoteName(name)} for table ${tables.map(published).join(', ')} with (${wholeOptions})`;
}

export function alterPublication(name: string, added: readonly CapturedTable[]): string {
  return `alter publication ${quoteName(name)} add table ${added.map(published).join(', ')}`;
}

export function covers(publication: Publication, table: CapturedTable): boolean {
  return publication.all || publication.tables.has(table.relationId);
}

/** ONLY: the children of an inheritance parent are tables of their own. A partitioned table has no rows of its own. */
function published(table: CapturedTable): string {
  return `${table.partitioned ? '' : 'only '}${quoteTable(parseTableName(table.name))}`;
}

export async function readPublication(client: Client, name: string): Promise<Publication | null> {
  const { rows } = await client.query<Record<'oid' | 'all' | 'everything' | 'via_root' | 'owned', string>>(
    `select oid, puballtables as all, pubinsert and pubupdate and pubdelete and pubtruncate as everything,
            pubviaroot as via_root, pg_has_role(pubowner, 'usage') as owned
       from pg_publication where pubname = $1`,
    [name],
  );
  const row = rows[0];
  if (!row) return null;
  // Through JSON: row filters and column lists exist from PostgreSQL 15 on only.
  const members = await client.query<Record<'relation', string> & { partial: string }>(
    `select prrelid::oid as relation,
            (to_jsonb(r) ->> 'prqual') is not null or (to_jsonb(r) ->> 'prattrs') is not null as partial
       from pg_publication_rel r where prpubid = $1`,
    [row.oid],
  );
  // Through JSON again: this option exists from PostgreSQL 18 on only; 'n' is none.
  const generated = await client.query<{ relation: string }>(
    `select distinct attrelid as relation from pg_attribute, pg_publication p
      where attgenerated = 's' and p.oid = $1 and to_jsonb(p) ->> 'pubgencols' = 'n'`,
    [row.oid],
  );
  return {
    withoutGenerated: new Set(generated.rows.map(({ relation }) => Number(relation))),
    all: row.all === 't',
    everything: row.everything === 't',
    viaRoot: row.via_root === 't',
    owned: row.owned === 't',
    tables: new Map(members.rows.map((member) => [Number(member.relation), { partial: member.partial === 't' }])),
  };
}
