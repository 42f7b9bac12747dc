import { unitBounds } from '../../../capture/pending';
import type { Change } from '../../../model/change';
import { comparePositions } from '../../../model/position';
import { closeSources, createSource, type Source } from './source';

jest.setTimeout(180_000);
afterEach(closeSources);

const items = 'create table items (id int primary key, name text, note text, amount numeric(12,2), at timestamptz)';

async function withItems(): Promise<Source> {
  const source = await createSource({ statements: [items], tables: ['public.items'] });
  await source.prepare();
  return source;
}

function streamed(source: Source): Change[] {
  return source.log.changes.filter((change) => change.operation !== 'read');
}

async function untilStreamed(source: Source, count: number): Promise<Change[]> {
  await source.log.until(() => streamed(source).length >= count, `${count} changes on the log`);
  return streamed(source);
}

describe('capture of changes', () => {
  it('brings inserts, updates and deletes as complete rows, in commit order', async () => {
    const source = await withItems();
    const running = await source.capture();
    await source.sql.query(`insert into items values (1, 'one', null, 12345678.90, '2026-01-02 03:04:05.678901+01')`);
    await source.sql.query(`update items set name = 'uno' where id = 1`);
    await source.sql.query(`delete from items where id = 1`);
    const changes = await untilStreamed(source, 3);
    await running.stop();
    const row = { id: 1, name: 'one', note: null, amount: '12345678.90', at: '2026-01-02 02:04:05.678901+00' };
    expect(changes.map(({ operation, key, before, after }) => ({ operation, key, before, after }))).toEqual([
      { operation: 'create', key: { id: 1 }, before: null, after: row },
      { operation: 'update', key: { id: 1 }, before: row, after: { ...row, name: 'uno' } },
      { operation: 'delete', key: { id: 1 }, before: { ...row, name: 'uno' }, after: null },
    ]);
  });

  it('turns a key change into a delete and a create at consecutive positions', async () => {
    const source = await withItems();
    const running = await source.capture();
    await source.sql.query(`insert into items values (1, 'one')`);
    await source.sql.query(`update items set id = 2 where id = 1`);
    const [, gone, come] = await untilStreamed(source, 3);
    await running.stop();
    expect(gone).toMatchObject({ operation: 'delete', key: { id: 1 }, position: { index: 1 } });
    expect(come).toMatchObject({
      operation: 'create',
      key: { id: 2 },
      after: { id: 2, name: 'one' },
      position: { index: 2 },
    });
    expect(come?.position.lsn).toBe(gone?.position.lsn);
  });

  it('completes rows whose long values an update left untouched', async () => {
    const source = await withItems();
    const running = await source.capture();
    // Incompressible, so that it is stored out of line and really left out of the new row.
    await source.sql.query(
      `insert into items (id, note) select 1, string_agg(md5(n::text), '') from generate_series(1, 2000) n`,
    );
    await source.sql.query(`update items set name = 'changed' where id = 1`);
    const changes = await untilStreamed(source, 2);
    await running.stop();
    const { rows } = await source.sql.query<{ note: string }>('select note from items');
    expect(rows[0]?.note.length).toBe(64_000);
    expect(changes[1]?.after).toMatchObject({ name: 'changed', note: rows[0]?.note });
  });

  it('leaves out what was rolled back, to a savepoint or whole', async () => {
    const source = await withItems();
    const running = await source.capture();
    await source.sql.query(`begin; insert into items values (1); rollback`);
    await source.sql.query(
      `begin; insert into items values (2); savepoint s; insert into items values (3); rollback to s; insert into items values (4); commit`,
    );
    await source.sql.query(`insert into items values (5)`);
    const changes = await untilStreamed(source, 3);
    await running.stop();
    expect(changes.map((change) => change.key['id'])).toEqual([2, 4, 5]);
  });

  it('keeps the commit order of interleaved transactions, and positions that only rise', async () => {
    const source = await withItems();
    const running = await source.capture();
    const other = await source.connect();
    await source.sql.query('begin; insert into items values (1)');
    await other.query('begin; insert into items values (2)');
    await source.sql.query('insert into items values (3)');
    await other.query('insert into items values (4); commit');
    await source.sql.query('commit');
    await other.end();
    const changes = await untilStreamed(source, 4);
    await running.stop();
    expect(changes.map((change) => change.key['id'])).toEqual([2, 4, 1, 3]);
    expectRising(changes);
  });

  const unit = unitBounds.changes;

  it.each([1, 10, unit - 1, unit, unit + 1, 2.5 * unit])(
    'brings a transaction of %d rows whole, closed at its end only',
    async (rows) => {
      const source = await withItems();
      const running = await source.capture();
      await source.sql.query('insert into items select n from generate_series(1, $1::int) n', [rows]);
      await untilStreamed(source, rows);
      await source.log.until(() => source.log.last?.closed === true, 'a closed record');
      await running.stop();
      const changes = streamed(source);
      expect(changes.map((change) => change.position.index)).toEqual(Array.from({ length: rows }, (_, at) => at + 1));
      const pieces = source.log.appends.filter(({ changes: some }) =>
        some.some(({ operation }) => operation === 'create'),
      );
      pieces.slice(0, -1).forEach(({ record }) => expect(record.closed).toBe(false));
      for (const { record, changes: some } of pieces) {
        expect(record.position).toEqual(record.closed ? { lsn: record.position.lsn, index: 0 } : some.at(-1)?.position);
      }
    },
  );

  it('resumes after a loss of everything unconfirmed without a gap and without a repetition', async () => {
    const source = await withItems();
    // Confirmations never reach the server: the next session is streamed all of it again.
    const first = await source.capture({ confirm: () => undefined });
    await source.sql.query('insert into items select n from generate_series(1, 3000) n');
    await source.sql.query('update items set id = id + 10000 where id <= 10');
    await untilStreamed(source, 3_020);
    await first.stop();
    const second = await source.capture();
    await source.sql.query('insert into items values (5000)');
    const changes = await untilStreamed(source, 3_021);
    await second.stop();
    expect(changes).toHaveLength(3_021);
    expectRising(changes);
  });

  it('resumes inside a transaction when the writer died between two of its pieces', async () => {
    const source = await withItems();
    const rows = 2.25 * unit;
    let appends = 0;
    source.log.beforeAppend = async (records) => {
      if (records.length > 0 && (appends += 1) === 3) throw new Error('killed');
    };
    const first = await source.capture();
    await source.sql.query('insert into items select n from generate_series(1, $1::int) n', [rows]);
    await expect(first.ended).rejects.toThrow('killed');
    await first.stop().catch(() => undefined);
    expect(source.log.last).toMatchObject({ closed: false });
    source.log.beforeAppend = async () => undefined;
    const second = await source.capture();
    const changes = await untilStreamed(source, rows);
    await source.log.until(() => source.log.last?.closed === true, 'a closed record');
    await second.stop();
    expect(changes.map((change) => change.key['id'])).toEqual(Array.from({ length: rows }, (_, at) => at + 1));
    expectRising(changes);
  });

  it('ignores tables that are published and not captured', async () => {
    const source = await createSource({
      statements: ['create table other (id int primary key)', 'create table items (id int primary key, a int)'],
      tables: ['public.items'],
    });
    await source.prepare();
    await source.sql.query(`alter publication "${source.options.pipeline.source.publication}" add table other`);
    const running = await source.capture();
    await source.sql.query('begin; insert into other values (1); insert into items values (1, 2); commit');
    const changes = await untilStreamed(source, 1);
    await running.stop();
    expect(changes).toMatchObject([{ after: { id: 1, a: 2 }, position: { index: 2 } }]);
  });

  it('publishes partitions under their root', async () => {
    const source = await createSource({
      statements: [
        'create table events (id int, kind int, note text, primary key (id, kind)) partition by list (kind)',
        'create table events_1 partition of events for values in (1)',
        'create table events_2 partition of events for values in (2)',
        'insert into events values (1, 1), (2, 2)',
      ],
      tables: ['public.events'],
    });
    await source.prepare();
    const running = await source.capture();
    await source.sql.query('insert into events values (3, 1)');
    await source.sql.query('update events set kind = 2 where id = 3');
    const changes = await untilStreamed(source, 3);
    await source.log.until(() => source.log.last?.copies['public.events']?.done === true, 'the copy');
    await running.stop();
    expect(changes.map(({ table, operation, key }) => ({ table, operation, key }))).toEqual([
      { table: 'public.events', operation: 'create', key: { id: 3, kind: 1 } },
      { table: 'public.events', operation: 'delete', key: { id: 3, kind: 1 } },
      { table: 'public.events', operation: 'create', key: { id: 3, kind: 2 } },
    ]);
  });
});

function expectRising(changes: readonly Change[]): void {
  for (let at = 1; at < changes.length; at += 1) {
    const [before, now] = [changes[at - 1], changes[at]];
    if (before && now) expect(comparePositions(before.position, now.position)).toBeLessThan(0);
  }
}
