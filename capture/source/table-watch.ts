import type { Client } from 'pg';
import { formatTableName, parseTableName, type TableName } from '../../model/change';
import { Blocked } from '../../model/errors';
import { describeFinding } from '../../model/finding';
import type { SchemaVersion, TableSchema } from '../../model/schema';
import type { PartitionDigest } from '../../stream/log';
import { digestOf, movesOf, type KnownPartitions } from '../partitions';
import { published, schemaChanged } from '../relations';
import { noPartitionMoved, type CopyAgain, type TableState, type TableVerdict } from '../table-change';
import { readCatalogue, surveyTables, type CapturedTable } from './catalogue';
import { checkPublication } from './publication';
import { quoteName, quoteTable } from './quoting';
import { readTableFacts, type TableFacts } from './table-facts';

/** A captured table that is no longer what it was, and with which the log can go on. */
export interface TableChange {
  readonly table: CapturedTable;
  readonly partitions: NotedPartitions;
  /** What has to be copied again, and why; null when the stream says all there is to say. */
  readonly copy: CopyAgain | null;
}

/** What the log notes down of the partitions that hold a table's rows. */
export interface NotedPartitions {
  /** Relation ids. */
  readonly ids: readonly string[];
  readonly digest: PartitionDigest;
}

export interface TableWatch {
  /** The changes since the look before. Throws `Blocked` when the log cannot go on: schema-changed, slot-lost. */
  look(): Promise<readonly TableChange[]>;
  /** The changes since the log was last written. Throws as `look` does. */
  since(remembered: (table: string) => Remembered): Promise<readonly TableChange[]>;
  /** As they are by the last look. */
  readonly tables: readonly CapturedTable[];
  partitionsOf(table: string): NotedPartitions;
}

/** What a log that is begun remembers of a table, from before this session. */
export interface Remembered {
  /** The version its records were last known to be of; null when the log keeps none. */
  readonly version: SchemaVersion | null;
  /** null when nobody noted them down; without their digest in logs from before there was one. */
  readonly partitions: { readonly ids: readonly string[]; readonly digest: PartitionDigest | null } | null;
}

/**
 * Looks whether the captured tables are still what they were. PostgreSQL's stream describes a table's columns, and tells
 * nothing of keys, of columns that came with a value in every row, of partitions that come and go, and of what the
 * publication leaves out: the catalogue does (docs/schema-changes.md).
 */
export async function createTableWatch(input: {
  readonly client: Client;
  readonly publication: string;
  readonly names: readonly string[];
  /** Tables keep the replica identity they have. */
  readonly readBack: boolean;
  readonly judge: (before: TableState, now: TableState) => TableVerdict;
}): Promise<TableWatch> {
  const { client, publication, names, readBack, judge } = input;
  // Facts first: what changes between the two reads is then seen as a change by the next look. Swapped, by none.
  let facts = await readTableFacts(client, { publication, tables: names.map((name) => ({ name, relationId: null })) });
  let tables = await readCatalogue(client, names, readBack);

  async function judged(
    table: CapturedTable,
    { before, known, now }: { before: TableState; known: KnownPartitions | null; now: TableFacts },
  ): Promise<TableChange | null> {
    const attached = Object.entries(now.partitions).flatMap(([id, { name }]) =>
      before.partitions && !(id in before.partitions) ? [name] : [],
    );
    const moves = movesOf(known, now.partitions);
    const verdict = judge(before, { ...stateOf(table, now), ...moves, attachedRows: await withRows(client, attached) });
    if (verdict.kind === 'blocked') throw schemaChanged(table.name, verdict.why);
    if (verdict.kind === 'same' && attached.length === 0) return null;
    return { table, partitions: noted(now), copy: verdict.kind === 'copy' ? verdict : null };
  }

  return {
    get tables() {
      return tables;
    },
    partitionsOf: (table) => noted(facts.get(table)),
    async since(remembered) {
      const changes: TableChange[] = [];
      for (const table of tables) {
        const now = facts.get(table.name);
        const { version, partitions } = remembered(table.name);
        if (!now || (version === null && partitions === null)) continue;
        const before = rememberedState(version ?? table, { table, now, partitions });
        const change = await judged(table, { before, known: partitions, now });
        if (change) changes.push(change);
      }
      return changes;
    },
    async look() {
      const now = await readTableFacts(client, { publication, tables });
      const moved = tables.filter(({ name }) => now.get(name)?.stamp !== facts.get(name)?.stamp);
      if (moved.length === 0) return [];
      const { read, findings } = await surveyTables(
        client,
        moved.map(({ name }) => name),
        readBack,
      );
      const [refused] = findings;
      if (refused) throw (await renamed(client, moved)) ?? schemaChanged(refused.where, describeFinding(refused));
      const changes: TableChange[] = [];
      for (const table of read) {
        const [was, before, after] = [
          tables.find(({ name }) => name === table.name),
          facts.get(table.name),
          now.get(table.name),
        ];
        if (!was || !before || !after) continue;
        const change = await judged(table, { before: stateOf(was, before), known: before, now: after });
        if (change) changes.push(change);
        if (before.published !== after.published) throw takenOut(publication, table.name);
      }
      await checkPublication(client, { name: publication, tables: read });
      tables = tables.map((table) => read.find(({ name }) => name === table.name) ?? table);
      facts = now;
      return changes;
    },
  };
}

function noted(facts: TableFacts | undefined): NotedPartitions {
  const partitions = facts?.partitions ?? {};
  return { ids: Object.keys(partitions), digest: digestOf(partitions) };
}

function stateOf(table: TableSchema, facts: TableFacts): TableState {
  const { numbers, filled } = facts;
  const partitions = Object.fromEntries(Object.entries(facts.partitions).map(([id, { name }]) => [id, name]));
  return { ...table, columns: published(table), numbers, filled, partitions, ...noPartitionMoved };
}

/** Partitions by id alone: what they were called is forgotten with them, if they are gone. */
function rememberedState(
  version: Pick<SchemaVersion, 'relationId' | 'columns' | 'key'>,
  { table, now, partitions }: { table: CapturedTable; now: TableFacts; partitions: Remembered['partitions'] },
): TableState {
  const known =
    partitions && Object.fromEntries(partitions.ids.map((id) => [id, now.partitions[id]?.name ?? `number ${id}`]));
  const { relationId, key } = version;
  const columns = published({ ...table, columns: version.columns });
  return { relationId, key, columns, numbers: null, filled: [], partitions: known, ...noPartitionMoved };
}

async function withRows(client: Client, attached: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const name of attached) {
    const rows = await client
      .query<{ some: string }>(`select exists (select from only ${name}) as some`)
      .then((answer) => answer.rows)
      .catch((error: unknown) => {
        // A role that may read the root need not be one that may read its partitions: then it may have rows.
        if (error instanceof Error && 'code' in error && error.code === '42501') return [{ some: 't' }];
        throw error;
      });
    if (rows[0]?.some === 't') found.push(name);
  }
  return found;
}

/** The usual reason why a table is not there any more: it has another name. */
async function renamed(client: Client, moved: readonly CapturedTable[]): Promise<Blocked | null> {
  for (const { name, relationId } of moved) {
    const { rows } = await client.query<TableName>(
      `select nspname as schema, relname as table from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.oid = $1`,
      [relationId],
    );
    const [now] = rows;
    if (!now || formatTableName(now) === name) continue;
    const { schema, table } = parseTableName(name);
    const back = now.schema === schema ? `rename to ${quoteName(table)}` : `set schema ${quoteName(schema)}`;
    return schemaChanged(
      name,
      `it is now called ${formatTableName(now)}; to go on, run: alter table ${quoteTable(now)} ${back};`,
    );
  }
  return null;
}

function takenOut(publication: string, table: string): Blocked {
  return new Blocked(
    'slot-lost',
    `${table} was taken out of the publication ${publication} and added again: changes made between were never captured. ` +
      'Begin a new log with a new pipeline; the stores are built from it beside what they hold.',
  );
}
