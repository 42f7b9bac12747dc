import type { Change } from '../../../model/change';
import { lsnFromText } from '../../../model/position';
import { createSource, type Source } from './source';

/** The table that the copy's tests copy. */
export const table = 'public.items';

export async function withRows(rows: number, chunkRows: number, server?: string): Promise<Source> {
  const source = await createSource({
    statements: [
      'create table items (id int primary key, revision int not null, note text)',
      `insert into items select n, 1, 'a' from generate_series(1, ${rows}) n`,
    ],
    tables: [table],
    chunkRows,
    ...(server === undefined ? {} : { server }),
  });
  await source.prepare();
  return source;
}

export const copied = (source: Source) => source.log.last?.copies[table]?.done === true;

/** What a reader of the log ends with: id → revision, deleted rows left out. */
export function fold(changes: readonly Change[]): Map<number, number> {
  const rows = new Map<number, number>();
  for (const { key, after } of changes) {
    if (after === null) rows.delete(Number(key['id']));
    else rows.set(Number(after['id']), Number(after['revision']));
  }
  return rows;
}

/** Rows whose revision falls from one record of a key to the next: each went back in time. */
export function setBack(changes: readonly Change[]): string[] {
  const seen = new Map<number, number>();
  const found: string[] = [];
  for (const { key, before, after, operation } of changes) {
    const id = Number(key['id']);
    const revision = Number((after ?? before)?.['revision']);
    const last = seen.get(id) ?? 0;
    // A deleted row that a chunk brings back shows here too: the delete carries the revision it ended.
    if (revision < last) found.push(`${id}: ${operation} ${revision} after ${last}`);
    seen.set(id, after === null ? revision + 1 : revision);
  }
  return found;
}

export async function truth(source: Source): Promise<Map<number, number>> {
  const { rows } = await source.sql.query<{ id: number; revision: number }>(
    'select id, revision from items order by id',
  );
  return new Map(rows.map(({ id, revision }) => [id, revision]));
}

/** A marker through the stream: once it is on the log, so is everything before it. */
export async function flush(source: Source): Promise<void> {
  await source.sql.query(
    'insert into items values (0, 1) on conflict (id) do update set revision = items.revision + 1',
  );
  const { rows } = await source.sql.query<{ revision: number }>('select revision from items where id = 0');
  await source.log.until(
    () => source.log.changes.some(({ key, after }) => key['id'] === 0 && after?.['revision'] === rows[0]?.revision),
    'the marker',
  );
}

/** A source with an empty table `items`, prepared. */
export async function withItems(...more: string[]): Promise<Source> {
  const source = await createSource({
    statements: ['create table items (id int primary key, name text)', ...more],
    tables: ['public.items'],
  });
  await source.prepare();
  return source;
}

/** The slot's confirmed LSN, decimal. */
export async function confirmed(source: Source): Promise<string> {
  const { rows } = await source.sql.query<{ lsn: string }>(
    'select confirmed_flush_lsn::text as lsn from pg_replication_slots where slot_name = $1',
    [source.options.pipeline.source.slot],
  );
  return lsnFromText(rows[0]?.lsn ?? '0/0');
}

export const streamedKeys = (source: Source) =>
  source.log.changes.filter(({ operation }) => operation !== 'read').map(({ key }) => key['id']);
