import type { Client } from 'pg';
import { formatTableName } from '../../model/change';
import type { Inventory, InventoryTable, LeftOut } from '../../model/inventory';
import { surveyTables } from './catalogue';
import { connect, disconnect, translateSourceError } from './connection';
import { placeOf } from '../checks/judge-table';
import { quoteTable } from './quoting';

interface Row {
  readonly schema: string;
  readonly table: string;
  readonly kind: string;
  readonly root_schema: string | null;
  readonly root_table: string | null;
  readonly extension: string | null;
  readonly own: string;
  readonly estimate: string | null;
  readonly bytes: string;
}

/** Below this, counting costs less than the doubt about an estimate that may be old. */
const countedBytes = 8 * 1024 * 1024;

/**
 * Reads the live catalogue: every table whose name `wanted` accepts, system tables aside. Changes nothing. Throws
 * `InvalidConfig` or `Unavailable`, never with the URL.
 */
export async function takeInventory(sourceUrl: string, wanted: (table: string) => boolean): Promise<Inventory> {
  const client = await connect(sourceUrl);
  try {
    return await read(client, wanted);
  } catch (error) {
    throw translateSourceError(error);
  } finally {
    await disconnect(client);
  }
}

async function read(client: Client, wanted: (table: string) => boolean): Promise<Inventory> {
  const database = await client.query<{ name: string }>('select current_database() as name');
  const rows = (await readRows(client)).filter((row) => wanted(formatTableName(row)));
  const leftOut = new Map<string, LeftOut>();
  for (const row of rows) {
    const reason = passedOver(row);
    if (reason !== null) leftOut.set(reason.table, reason);
  }
  const candidates = rows.filter((row) => !leftOut.has(formatTableName(row)));
  const { read: captured, findings } = await surveyTables(client, candidates.map(formatTableName));
  const schemas = new Map(captured.map((schema) => [schema.name, schema]));
  const refused = new Map(findings.map((finding) => [finding.where, finding]));
  const tables: InventoryTable[] = [];
  for (const row of candidates) {
    const table = formatTableName(row);
    const schema = schemas.get(table);
    const finding = refused.get(placeOf(row));
    if (schema) tables.push({ schema, rows: await countRows(client, row), bytes: Number(row.bytes) });
    else if (finding) leftOut.set(table, { table, code: finding.code, what: finding.what, cure: finding.cure });
  }
  // In the order of the catalogue: people look for a table by its name.
  const order = rows.map(formatTableName);
  return {
    database: database.rows[0]?.name ?? '',
    tables,
    leftOut: order.flatMap((table) => leftOut.get(table) ?? []),
  };
}

/** Tables that no change of theirs would make a table of the application's. */
function passedOver(row: Row): LeftOut | null {
  const table = formatTableName(row);
  if (row.extension !== null) {
    return { table, code: 'table-of-extension', what: `it belongs to the extension ${row.extension}.`, cure: null };
  }
  if (row.own === 't') {
    // A replica in the source's own database: captured, each of its writes would be written to it again, for ever.
    return { table, code: 'table-of-slipstream', what: 'it is part of a store that Slipstream writes.', cure: null };
  }
  if (row.root_schema !== null && row.root_table !== null) {
    const root = formatTableName({ schema: row.root_schema, table: row.root_table });
    return { table, code: 'table-partition', what: `a partition, captured through its root ${root}.`, cure: null };
  }
  return null;
}

/** Size and estimate of a partitioned table are those of its leaves; a leaf never analysed makes the sum unknown. */
async function readRows(client: Client): Promise<Row[]> {
  const { rows } = await client.query<Row>(
    `select n.nspname as schema, c.relname as table, c.relkind as kind,
            root_space.nspname as root_schema, root.relname as root_table, extname as extension,
            exists (select from pg_class mark
                     where mark.relnamespace = n.oid and mark.relname in ('_slipstream', '_slipstream_live')) as own,
            held.estimate, coalesce(held.bytes, 0) as bytes
       from pg_class c
       join pg_namespace n on n.oid = c.relnamespace
       left join pg_class root on c.relispartition and root.oid = pg_partition_root(c.oid)
       left join pg_namespace root_space on root_space.oid = root.relnamespace
       left join pg_depend on classid = 'pg_class'::regclass and objid = c.oid and deptype = 'e'
       left join pg_extension e on e.oid = refobjid
       left join lateral (
         select case when bool_or(reltuples < 0) then null else sum(reltuples)::int8 end as estimate,
                sum(pg_table_size(leaf.oid))::int8 as bytes
           from pg_class leaf
          where leaf.relkind = 'r' and leaf.oid in (select c.oid union select relid from pg_partition_tree(c.oid))
       ) held on true
      where c.relkind in ('r', 'p', 'f') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
      order by n.nspname, c.relname`,
  );
  return rows;
}

async function countRows(client: Client, row: Row): Promise<number | null> {
  if (Number(row.bytes) > countedBytes) return row.estimate === null ? null : Number(row.estimate);
  // A child that inherits from a plain table is a table of its own.
  const only = row.kind === 'p' ? '' : 'only ';
  const { rows } = await client.query<{ rows: string }>(`select count(*) as rows from ${only}${quoteTable(row)}`);
  return Number(rows[0]?.rows ?? 0);
}
