import { performance } from 'node:perf_hooks';
import { defaultCaptureParts, openCaptureSession, prepareCapture, type CaptureSession } from '../../../capture/session';
import { createKafka } from '../../../stream/kafka';
import { openLaneReader } from '../../../stream/lane-reader';
import { decodeChange } from '../../../stream/envelope';
import { readSchemaVersions } from '../../../stream/schemas';
import { tableTopics } from '../../../stream/topics';
import { Unavailable } from '../../../model/errors';
import type { Change } from '../../../model/change';
import { closeSources, createSource, type Source } from './source';

jest.setTimeout(540_000);
afterEach(closeSources);

const brokers = (process.env['SLIPSTREAM_TEST_KAFKA'] ?? '').split(',');
const table = 'public.items';

async function prepared(rows: number): Promise<{ source: Source; logId: string }> {
  const source = await createSource({
    statements: [
      'create table items (id int primary key, name text, price numeric(10,2), at timestamptz default now())',
      `insert into items select n, 'name ' || n, n * 0.01 from generate_series(1, ${rows}) n`,
    ],
    tables: [table],
    chunkRows: 5_000,
  });
  for (;;) {
    try {
      const { logId } = await prepareCapture({ ...source.options, brokers }, defaultCaptureParts);
      return { source, logId };
    } catch (error) {
      // As Temporal would: a broker that has just started says for a while that its coordinator is loading.
      if (!(error instanceof Unavailable)) throw error;
    }
  }
}

function open(source: Source, logId: string): Promise<CaptureSession> {
  return openCaptureSession({ ...source.options, brokers, logId });
}

/** Everything on the log so far, by a lane's own reader. */
async function readAll(source: Source, logId: string): Promise<Change[]> {
  const { prefix, partitions } = source.options.pipeline.log;
  const reader = await openLaneReader({
    kafka: createKafka({ brokers, clientId: 'capture-test', log: () => undefined }),
    prefix,
    topics: tableTopics(prefix, [table], partitions),
    logId,
    windowMs: 86_400_000,
    clientId: 'capture-test',
  });
  const changes: Change[] = [];
  try {
    await reader.seek({});
    for (;;) {
      const batch = await reader.next({ maxRecords: 5_000, waitMs: 500, signal: new AbortController().signal });
      for (const record of batch?.records ?? []) {
        const change = decodeChange(record);
        if (change) changes.push(change);
      }
      if (batch === null && reader.ahead().caughtUp) return changes;
    }
  } finally {
    await reader.close();
  }
}

it('copies and streams onto Kafka, keeps its stream between runs, and hands over to a session that fences it', async () => {
  const { source, logId } = await prepared(12_000);
  expect(await prepareCapture({ ...source.options, brokers }, defaultCaptureParts)).toEqual({ logId });
  const first = await open(source, logId);
  const never = new AbortController().signal;
  const heartbeats: number[] = [];
  const step = (maxMs: number) =>
    first.run({ signal: never, maxMs, onProgress: (progress) => heartbeats.push(progress.changes) });
  const started = performance.now();
  while (!first.progress.copies[table]?.done) await step(200);
  process.stderr.write(`copy of 12000 rows: ${Math.round(performance.now() - started)} ms\n`);
  await source.sql.query(`update items set name = 'x' where id <= 1000`);
  while (first.progress.changes < 13_000) await step(100);
  expect(heartbeats.length).toBeGreaterThan(0);

  const second = await open(source, logId);
  await source.sql.query(`delete from items where id = 1`);
  await expect(step(10_000)).rejects.toMatchObject({ name: expect.stringMatching(/Fenced|Unavailable/) as string });
  await first.close();
  expect(await second.run({ signal: never, maxMs: 60_000, batches: 1, onProgress: () => undefined })).toBe('batches');
  await second.close();

  const changes = await readAll(source, logId);
  expect(changes).toHaveLength(13_001);
  const last = new Map(changes.map((change) => [change.key['id'], change]));
  expect(last.get(1)?.operation).toBe('delete');
  expect(last.get(2)?.after?.['name']).toBe('x');
  expect(last.size).toBe(12_000);

  const { prefix } = source.options.pipeline.log;
  const kept = await readSchemaVersions({ kafka: createKafka({ brokers, clientId: 'capture-test' }), prefix });
  expect([...new Set(changes.map(({ schemaId }) => schemaId))]).toEqual([...kept.keys()]);
  const [version] = kept.values();
  expect(version?.columns.map(({ name, type }) => [name, type])).toEqual([
    ['id', 'integer'],
    ['name', 'text'],
    ['price', 'numeric(10,2)'],
    ['at', 'timestamp with time zone'],
  ]);
});

it('works off a backlog within bounded memory, and says how fast', async () => {
  const { source, logId } = await prepared(1);
  const rows = Number(process.env['SLIPSTREAM_TEST_BACKLOG'] ?? 30_000);
  await source.sql.query('create sequence ids start 10');
  for (const size of [rows / 2, 10]) {
    await source.sql.query(
      `do $$ begin for i in 1..${rows / 2 / size} loop
         insert into items select nextval('ids'), repeat('n', 40), 1.5 from generate_series(1, ${size}); commit;
       end loop; end $$`,
    );
  }
  const session = await open(source, logId);
  const started = performance.now();
  const cpu = process.cpuUsage();
  const controller = new AbortController();
  await session.run({
    signal: controller.signal,
    maxMs: 120_000,
    onProgress: ({ changes }) => {
      if (changes > rows) controller.abort();
    },
  });
  const seconds = (performance.now() - started) / 1000;
  const used = process.cpuUsage(cpu);
  process.stderr.write(
    `${session.progress.changes} changes in ${seconds.toFixed(2)} s: ${Math.round(session.progress.changes / seconds)}/s, ` +
      `${(used.user + used.system) / 1e6} CPU-s, ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB\n`,
  );
  expect(session.progress.changes).toBeGreaterThan(rows);
  await session.close();
});
