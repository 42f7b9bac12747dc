import { openRowReader, type RowReader, type WantedColumns } from '../../../capture/source/row-reader';
import { closeSources, createSource, type Source } from './source';

jest.setTimeout(120_000);

const readers: RowReader[] = [];
afterEach(async () => {
  for (const reader of readers.splice(0)) await reader.close();
  await closeSources();
});

const never = new AbortController().signal;

async function open(options: { patienceMs?: number } = {}): Promise<{ source: Source; reader: RowReader }> {
  const source = await createSource({
    statements: [
      'create table docs (region text, id int, active boolean, note text, data jsonb, primary key (region, id))',
      `insert into docs values ('a b', 1, true, 'old', '{"n": 1}'), ('a b', 2, null, null, null)`,
    ],
    tables: ['public.docs'],
  });
  const reader = openRowReader(source.url, options);
  readers.push(reader);
  return { source, reader };
}

const wanted = (parts: Partial<WantedColumns> = {}): WantedColumns => ({
  ...{ table: 'public.docs', key: { region: 'a b', id: 1 }, columns: ['note'] },
  transaction: { xid: null, committedAt: Date.now() },
  ...parts,
});

it('reads the columns by the whole key, in the form in which they travel', async () => {
  const { reader } = await open();
  expect(await reader.read(wanted({ columns: ['note', 'active', 'data'] }), never)).toEqual({
    ...{ note: 'old', active: true, data: '{"n": 1}' },
  });
  expect(await reader.read(wanted({ key: { region: 'a b', id: 2 }, columns: ['note', 'active'] }), never)).toEqual({
    ...{ note: null, active: null },
  });
  expect(await reader.read(wanted({ key: { region: 'a b', id: 3 } }), never)).toBeNull();
});

/** A transaction that the log holds and the source does not show yet: here one that is still open. */
async function unseen(source: Source) {
  const writer = await source.connect();
  await writer.query(`begin; update docs set note = 'new' where id = 1`);
  const { rows } = await writer.query<{ xid: string }>('select pg_current_xact_id()::text as xid');
  const transaction = { xid: Number(BigInt(rows[0]?.xid ?? '0') & 0xffffffffn), committedAt: Date.now() };
  return { writer, transaction };
}

it('waits for the commit of the change it reads for, since what is there before is older than the record', async () => {
  const { source, reader } = await open({ patienceMs: 60_000 });
  const { writer, transaction } = await unseen(source);
  const reading = reader.read(wanted({ transaction }), never);
  let settled = false;
  void reading.then(() => (settled = true));
  // Another reader has read and answered meanwhile, so this one could have.
  const other = openRowReader(source.url);
  readers.push(other);
  expect(await other.read(wanted(), never)).toEqual({ note: 'old' }); // control: without the transaction it is not waited for
  expect(settled).toBe(false);
  await writer.query('commit');
  await writer.end();
  expect(await reading).toEqual({ note: 'new' });
});

it('gives up after a while, to be tried again', async () => {
  const { source, reader } = await open({ patienceMs: 50 });
  const { writer, transaction } = await unseen(source);
  await expect(reader.read(wanted({ transaction }), never)).rejects.toMatchObject({ name: 'Unavailable' });
  await writer.query('rollback');
  await writer.end();
  expect(await reader.read(wanted({ transaction }), never)).toEqual({ note: 'old' });
});

it('is BLOCKED by a column that is gone, and ends with its signal', async () => {
  const { source, reader } = await open({ patienceMs: 60_000 });
  await source.sql.query('alter table docs drop column data');
  await expect(reader.read(wanted({ columns: ['data'] }), never)).rejects.toMatchObject({
    ...{ name: 'Blocked', reason: 'schema-changed' },
  });
  const { writer, transaction } = await unseen(source);
  const abort = new AbortController();
  const reading = reader.read(wanted({ transaction }), abort.signal);
  abort.abort(new Error('told to end'));
  await expect(reading).rejects.toThrow('told to end');
  await writer.end();
});

it('reads a column that came since it read another one of the table', async () => {
  const { source, reader } = await open();
  expect(await reader.read(wanted(), never)).toEqual({ note: 'old' });
  await source.sql.query(`alter table docs add column extra text; update docs set extra = 'new'`);
  expect(await reader.read(wanted({ columns: ['note', 'extra'] }), never)).toEqual({ note: 'old', extra: 'new' });
});
