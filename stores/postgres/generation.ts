import { InvalidConfig } from '../../model/errors';
import { allDocuments } from '../../model/mapping';
import { describe, mismatch } from '../ownership';
import type { Generation } from '../store';
import { inTransaction, type Connection } from './connection';
import { indexStatements } from './indexes';
import { generationSchema, qualified, quote, recordTable } from './names';
import { insertRecord, readRecord, recordColumns, recordRelation, type PostgresRecord } from './record';
import { claimReaders, refuseForeign, readLive } from './readers';
import { lockSite, withConnection, type Site } from './site';
import { targetTables } from './tables';

/** Creates a generation's schema, tables and record in one transaction: half of it never stays. */
export async function prepareGeneration(site: Site, generation: Generation): Promise<void> {
  await withConnection(site, (connection) =>
    inTransaction(connection, async () => {
      await lockSite(connection, site);
      await claimReaders(connection, site);
      if (await adopt(connection, site, generation)) return;
      const tables = await targetTables(connection, site);
      await refuseForeign(connection, site, [...tables.keys()]);
      const schema = generationSchema(site.schema, generation.number);
      const relation = recordRelation(site.schema, generation.number);
      await connection.query({ text: `create schema ${quote(schema)}` });
      for (const [target, body] of tables) {
        await connection.query({ text: `create table ${qualified(schema, target)} (${body})` });
      }
      for (const text of indexStatements(schema, site.definition)) await connection.query({ text });
      await connection.query({ text: `create table ${relation} (${recordColumns}) with (fillfactor = 50)` });
      await insertRecord(connection, relation, generation, site);
    }),
  );
}

/** True when the generation is there and is what it should be; throws when it is something else. */
async function adopt(connection: Connection, site: Site, generation: Generation): Promise<boolean> {
  const record = await findRecord(connection, site, generation.number);
  if (record === 'no schema') return false;
  const problem = mismatch(record, generation);
  if (problem) throw problem;
  await refuseConstraints(connection, site, generationSchema(site.schema, generation.number));
  return true;
}

/** The record of a generation of this store. Throws `InvalidConfig` when its schema is someone else's. */
export async function findRecord(
  connection: Connection,
  site: Site,
  number: number,
): Promise<PostgresRecord | 'no schema'> {
  const schema = generationSchema(site.schema, number);
  const { rows } = await connection.query({
    text: `select c.oid is not null as "recorded" from pg_namespace n
left join pg_class c on c.relnamespace = n.oid and c.relname = $2 and c.relkind = 'r' where n.nspname = $1`,
    values: [schema, recordTable],
  });
  if (rows[0] === undefined) return 'no schema';
  const relation = recordRelation(site.schema, number);
  const record = rows[0]['recorded'] === true ? await readRecord(connection, relation, { lane: 0 }) : null;
  if (record?.pipeline !== site.pipeline || record.store !== site.store) {
    throw new InvalidConfig(
      `${site.what}: schema ${schema} is there already and does not belong to this store. Remove it, or give the store another schema.`,
    );
  }
  return record;
}

/** A second unique or a foreign key fails on rows that the source holds for a moment in another order than ours. */
async function refuseConstraints(connection: Connection, site: Site, schema: string): Promise<void> {
  const { rows } = await connection.query({
    text: `select c.relname || '.' || i.relname as name from pg_index x
  join pg_class c on c.oid = x.indrelid join pg_class i on i.oid = x.indexrelid
  join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = $1 and (x.indisunique or x.indisexclusion) and not x.indisprimary
union all
select c.relname || '.' || k.conname from pg_constraint k
  join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = $1 and k.contype = 'f' order by 1`,
    values: [schema],
  });
  if (rows.length === 0) return;
  throw new InvalidConfig(
    `${site.what}: tables of ${schema} have unique or foreign keys besides the primary one: ${rows.map(({ name }) => name).join(', ')}. Drop them.`,
  );
}

/** Removes a generation and nothing else: what others built upon it makes this fail, instead of going with it. */
export async function dropGeneration(site: Site, generation: Generation): Promise<void> {
  const schema = generationSchema(site.schema, generation.number);
  await withConnection(site, (connection) =>
    inTransaction(connection, async () => {
      await lockSite(connection, site);
      if ((await readLive(connection, site)) === generation.number) {
        throw new InvalidConfig(`Readers use ${describe(generation)}: promote another one before dropping it.`);
      }
      const record = await findRecord(connection, site, generation.number);
      if (record === 'no schema') return;
      const targets = allDocuments(record.definition).map(({ target }) => target);
      const tables = [recordTable, ...targets].map((table) => qualified(schema, table));
      await connection.query({ text: `drop table if exists ${tables.join(', ')}` });
      await connection.query({ text: `drop schema ${quote(schema)}` });
    }),
  );
}
