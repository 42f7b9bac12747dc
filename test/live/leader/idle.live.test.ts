import type { CaptureParts } from '../../../capture/session';
import { compareDecimal, lsnFromText } from '../../../model/position';
import { waitFor } from '../../support/wait';
import { closeSources, createSource, type Source } from '../capture/source';
import { openPostgres } from './own-server';
import { logRunning, slotFacts } from './slot-facts';

jest.setTimeout(360_000);

const megabytes = 40;
let server: Awaited<ReturnType<typeof openPostgres>>;
beforeAll(async () => {
  server = await openPostgres({});
});
afterEach(closeSources);
afterAll(() => server?.close());

/** Captures a table nobody writes to, beside a busy second database; returns what became of slot and log. */
async function beside(confirm?: CaptureParts['confirm']) {
  const source = await createSource({
    server: server.url,
    statements: ['create table items (id int primary key)', 'insert into items select generate_series(1, 10)'],
    tables: ['public.items'],
  });
  const busy = await createSource({
    server: server.url,
    statements: ['create table noise (id serial primary key, text text)'],
    tables: ['public.noise'],
  });
  await source.prepare();
  const running = await source.capture();
  await source.log.until(() => source.log.last?.copies['public.items']?.done === true, 'the copy');
  await running.stop();
  const from = source.log.appends.length;
  const started = Date.now();
  const idle = await source.capture(confirm ? { confirm } : {});
  await work(busy);
  const { rows } = await busy.sql.query<{ lsn: string }>('select pg_current_wal_flush_lsn()::text as lsn');
  const end = lsnFromText(rows[0]?.lsn ?? '0/0');
  // The log knows that everything before `end` is captured; what the slot makes of it is the question.
  await source.log.until(() => compareDecimal(source.log.last?.position.lsn ?? '0', end) >= 0, 'the log to follow');
  return { source, busy, idle, end, from, started };
}

/** Many transactions, a hundred kilobytes each. */
async function work({ sql }: Source): Promise<void> {
  await sql.query(
    `do $$ begin for i in 1..${megabytes * 10} loop
       insert into noise (text) select repeat(md5(random()::text), 32) from generate_series(1, 100); commit;
     end loop; end $$`,
  );
}

test('the slot of a leader at rest follows a busy database beside it, with a position record a second at most', async () => {
  const { source, busy, idle, end, from, started } = await beside();
  const look = async () => {
    await logRunning(busy.sql);
    return slotFacts(source);
  };
  const isReleased = ({ confirmedLsn, retainedBytes }: Awaited<ReturnType<typeof look>>) =>
    compareDecimal(confirmedLsn, end) >= 0 && retainedBytes < 1024 ** 2;
  await waitFor({ what: 'the slot to let the WAL go', seconds: 30, look, until: isReleased });
  await idle.stop();
  const seconds = (Date.now() - started) / 1_000;
  const appended = source.log.appends.slice(from);
  expect(appended.flatMap(({ changes }) => changes)).toEqual([]);
  expect(appended.length).toBeGreaterThan(0);
  expect(appended.length).toBeLessThanOrEqual(Math.ceil(seconds) + 1);
});

test('control: with keepalives that are not confirmed, the source keeps all of it', async () => {
  const { source, busy, idle, end, from } = await beside(() => undefined);
  // Five position records, each a second after the one before: a confirmation would have been told several times over.
  const look = async () => {
    await logRunning(busy.sql);
    return source.log.appends.length;
  };
  await waitFor({ what: 'five position records', seconds: 30, look, until: (appends) => appends >= from + 5 });
  const { confirmedLsn, retainedBytes } = await slotFacts(source);
  await idle.stop();
  expect(compareDecimal(confirmedLsn, end)).toBeLessThan(0);
  expect(retainedBytes).toBeGreaterThan(megabytes * 1024 ** 2);
});
