import { compareDecimal } from '../../../model/position';
import { peakMemory, peakOrDeath } from '../../support/peak-memory';
import { openScenario, type Scenario } from '../../support/scenario';
import { expectEqual, settle, untilLive } from '../../support/settle';
import { stopwatch } from '../../support/stopwatch';
import { waitFor } from '../../support/wait';
import { openPostgres } from '../leader/own-server';
import { openRedis, type OwnRedis } from '../stores/own-redis';

/** 300 for the five minutes at full load; 0: until the backlog is there. */
const seconds = Number(process.env['SLIPSTREAM_TEST_STORE_DOWN_SECONDS'] ?? 0);
jest.setTimeout(1_200_000 + seconds * 10_000);

/** On the log, of each lane: several times what its buffers may hold (stream/lane-session.ts). */
const backlogMebibytes = 128;
/** All that one worker may have resident. */
const boundMebibytes = 512;
/** Little, so that the peak is what the worker needs and not what its garbage collector lets lie. */
const heapMebibytes = 160;

/** Rows of 4 KiB that are written again and again: the stores stay small however much the log holds of them. */
const rows = 4_000;
const rowsAtOnce = 1_000;

async function writeRows({ source }: Scenario, round: number): Promise<string> {
  const from = 5_000_000 + ((round * rowsAtOnce) % rows);
  await source.query(
    `insert into entries select $1::int + n, n, $3::int, 'credit', repeat(md5((n * $3::int)::text), 128)
       from generate_series(1, $2::int) n
     on conflict (id) do update set amount = excluded.amount, note = excluded.note`,
    [from, rowsAtOnce, round],
  );
  return source.value(`select pg_current_wal_insert_lsn() - '0/0'::pg_lsn`);
}

/** Resolves when what was written below `lsn` is on the log, as capture is not held up by a store; or when there is `enough`. */
const untilOnTheLog = (scenario: Scenario, lsn: string, enough: () => boolean) =>
  waitFor({
    what: `the log to hold everything up to ${lsn}`,
    seconds: 60,
    look: () =>
      scenario.source.value(
        `select confirmed_flush_lsn - '0/0'::pg_lsn from pg_replication_slots where database = current_database()`,
      ),
    until: (confirmed) => enough() || compareDecimal(confirmed, lsn) >= 0,
    evidence: () => scenario.evidence(),
  });

/** A backlog that no store takes: as large as was said, and for as long, unless there is `enough` before. */
async function backlog(scenario: Scenario, whileSeconds: number, enough = () => false): Promise<void> {
  const until = Date.now() + whileSeconds * 1_000;
  // An update carries the row as it was, too.
  const rounds = Math.ceil((backlogMebibytes << 20) / (rowsAtOnce * 8_192));
  let lsn = '0';
  for (let round = 1; !enough() && (round <= rounds || Date.now() < until); round += 1) {
    lsn = await writeRows(scenario, round);
    // Full load is what capture can bring to the log, not what a source can write.
    if (round % 5 === 0) await untilOnTheLog(scenario, lsn, enough);
  }
  await untilOnTheLog(scenario, lsn, enough);
}

/** Those that are not there. */
const absent = ['cache', 'search'] as const;

/**
 * Redis is not there, nor Elasticsearch; the replica takes nothing: its table is locked, on a server of its own, since every
 * copy waits for transactions that are open in its source's cluster. Resolves with what gives all of them back.
 */
async function takeStoresAway(scenario: Scenario, redis: OwnRedis): Promise<() => Promise<void>> {
  const { replica, schema, elasticsearch } = scenario;
  const holder = await replica.connect();
  await holder.query(`begin; lock table "${schema}_g1".entries in exclusive mode`);
  await redis.server.kill();
  await elasticsearch.goDown();
  return async () => {
    await holder.end();
    await redis.server.start();
    await elasticsearch.comeUp();
  };
}

it('stores that are down or stuck while several times what a lane may hold arrives: bounded memory, DEGRADED, then whole again', async () => {
  const lap = stopwatch('stores down');
  const [redis, postgres] = await Promise.all([openRedis(), openPostgres({})]);
  const scenario = await openScenario({
    ...{ recordVersions: false, stores: ['replica', ...absent] },
    ...{ cacheServer: redis.url, replicaServer: postgres.url },
    slice: { seconds: 5, heartbeatSeconds: 3 },
  });
  let giveBack: () => Promise<void> = async () => undefined;
  try {
    const worker = await scenario.startWorker(undefined, heapMebibytes);
    await scenario.startSync();
    await untilLive(scenario, 90);
    lap('LIVE');
    giveBack = await takeStoresAway(scenario, redis);
    await backlog(scenario, seconds);
    await waitFor({
      what: 'the stores that are not there to be DEGRADED',
      seconds: 60,
      everyMs: 200,
      look: async () => {
        const { stores } = await scenario.status();
        return absent.map((name) => stores[name]?.status);
      },
      until: (statuses) => statuses.every((status) => status === 'DEGRADED'),
      evidence: () => scenario.evidence(),
    });
    process.stderr.write(`stores down: the worker's peak while they were away is ${peakMemory(worker.pid)} MiB\n`);
    lap('backlog on the log');
    await giveBack();
    giveBack = async () => undefined;
    // Instead of up to a minute in the breaker.
    await scenario.client.workflow.getHandle(`sync/${scenario.name}`).signal('retry', {});
    await settle(scenario, 120 + seconds * 3);
    lap('settled');
    const peak = peakMemory(worker.pid);
    process.stderr.write(`stores down: the worker's peak is ${peak} MiB\n`);
    expect(peak).toBeLessThan(boundMebibytes);
    await untilLive(scenario, 120);
    await expectEqual(scenario);
    lap('LIVE and equal');

    // Control: a consumer that does not pause holds all of it.
    await worker.end('SIGTERM');
    const greedy = await scenario.startWorker({ sabotage: ['reads-on'] }, heapMebibytes);
    // LIVE is what the worker before it has left behind; this says that lanes are this one's.
    await settle(scenario, 120);
    giveBack = await takeStoresAway(scenario, redis);
    // One that dies of its heap has shown it too, and brings nothing more to the log.
    const hasShown = () => peakOrDeath(greedy) >= boundMebibytes;
    // The replica's lane reads; those of the others do not get so far. Its backlog grows until it has shown what it is like.
    for (let more = 0; more < 8 && !hasShown(); more += 1) await backlog(scenario, 0, hasShown);
    expect(peakOrDeath(greedy)).toBeGreaterThanOrEqual(boundMebibytes);
    lap('control');
  } finally {
    await giveBack();
    await scenario.close();
    await Promise.all([redis.close(), postgres.close()]);
  }
});
