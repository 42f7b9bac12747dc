import { join } from 'node:path';
import { compareDecimal } from '../../../model/position';
import { messagesTopic } from '../../../model/names';
import { readLedger } from '../../support/ledger';
import { checkLog } from '../../support/log-check';
import { readLog, readRecords } from '../../support/log-contents';
import { peakMemory, peakOrDeath } from '../../support/peak-memory';
import { openScenario, type Scenario } from '../../support/scenario';
import { expectEqual, settle, untilLive } from '../../support/settle';
import { stopwatch } from '../../support/stopwatch';
import { waitFor } from '../../support/wait';

jest.setTimeout(1_800_000);

/** A million and 200 for the full size; the bound is the same. */
const rows = Number(process.env['SLIPSTREAM_TEST_TRANSACTION_ROWS'] ?? 100_000);
const toastMebibytes = Number(process.env['SLIPSTREAM_TEST_TRANSACTION_TOAST'] ?? 20);
const seconds = 60 + rows / 2_000;
/** Those of the control, whatever the size. */
const controlRows = Math.min(rows, 100_000);
/** All that one worker may have resident: capture, both lanes, the workflow engine. */
const boundMebibytes = 512;
/** Little, so that the peak is what the worker needs and not what its garbage collector lets lie. */
const heapMebibytes = 160;

/** One transaction of so many rows, a long value in each of some more, messages in between, and a savepoint undone. */
async function commitBig({ source }: Scenario, from: number, count = rows): Promise<string> {
  const client = await source.connect();
  try {
    await client.query('begin');
    await client.query(`select pg_logical_emit_message(true, 'outbox', 'begun')`);
    await client.query(
      `insert into entries select $1::int + n, n % 100, n, 'credit', 'big ' || n from generate_series(1, $2::int) n`,
      [from, count],
    );
    await client.query('savepoint undone');
    await client.query(`insert into entries select -n, 1, 1, 'fee', 'undone' from generate_series(1, 1000) n`);
    await client.query('rollback to undone');
    await client.query(`select pg_logical_emit_message(true, 'outbox', 'halfway')`);
    await client.query(
      `insert into documents (id, title, body, active)
       select md5('big ' || $1::int + n)::uuid, 'big', repeat(md5(n::text), 8192), true from generate_series(1, $2::int) n`,
      [from, toastMebibytes * 4],
    );
    await client.query(`select pg_logical_emit_message(true, 'outbox', 'done')`);
    await client.query('commit');
    const { rows: found } = await client.query<{ lsn: string }>(`select pg_current_wal_lsn() - '0/0'::pg_lsn as lsn`);
    return found[0]?.lsn ?? '0';
  } finally {
    await client.end();
  }
}

const confirmedBeyond = (scenario: Scenario, lsn: string) =>
  waitFor({
    what: `the slot to be confirmed beyond ${lsn}`,
    seconds,
    look: () =>
      scenario.source.value(
        `select confirmed_flush_lsn - '0/0'::pg_lsn from pg_replication_slots where database = current_database()`,
      ),
    until: (confirmed) => compareDecimal(confirmed, lsn) >= 0,
    evidence: () => scenario.evidence(),
  });

/** What the server wrote to disk to decode it: the price of getting a transaction at its commit. */
const spilled = ({ source }: Scenario) =>
  source.value(
    `select pg_size_pretty(sum(spill_bytes)) || ' spilled, ' || pg_size_pretty(sum(total_bytes)) || ' decoded'
       from pg_stat_replication_slots join pg_replication_slots using (slot_name) where database = current_database()`,
  );

it(`one transaction of ${rows} rows and ${toastMebibytes} MiB of long values, the worker killed inside it, in bounded memory`, async () => {
  const lap = stopwatch('big transaction');
  const scenario = await openScenario({ recordVersions: false, messages: ['outbox'] });
  try {
    const first = await scenario.startWorker();
    await scenario.startSync();
    await untilLive(scenario, 60);
    await first.end('SIGTERM');
    lap('LIVE');
    const lsn = await commitBig(scenario, 1_000_000);
    lap('committed at the source');

    const marker = join(scenario.folder, 'inside');
    // The transaction goes out in 25 appends and more.
    const crash = { point: 'capture.inside-transaction', passing: 10, marker, signal: 'SIGKILL' } as const;
    const dying = await scenario.startWorker({ crash });
    expect(await dying.death(seconds)).toBe('SIGKILL');
    lap('killed inside it');
    const worker = await scenario.startWorker(undefined, heapMebibytes);
    await confirmedBeyond(scenario, lsn);
    lap('on the log and confirmed');
    await settle(scenario, seconds);
    lap('in both stores');
    const peak = peakMemory(worker.pid);
    process.stderr.write(`big transaction: the worker's peak is ${peak} MiB; ${await spilled(scenario)}\n`);
    expect(peak).toBeLessThan(boundMebibytes);
    await expectEqual(scenario);

    const log = await readLog(scenario.kafka, scenario.topics);
    const verdict = checkLog(log, await readLedger(scenario.source));
    expect(verdict).toMatchObject({ lost: [], repeated: [], aborted: [], disordered: [] });
    const messages = await readRecords(
      scenario.kafka,
      [messagesTopic(scenario.name)],
      ({ value }) => value?.toString() ?? null,
    );
    expect(messages).toEqual(['begun', 'halfway', 'done']);
    lap('compared');

    // Control: the same once more, with lanes that take a transaction whole.
    await worker.end('SIGTERM');
    await commitBig(scenario, 4_000_000, controlRows);
    const greedy = await scenario.startWorker({ sabotage: ['takes-whole'] }, heapMebibytes);
    await waitFor({
      what: `a worker whose lanes take a transaction whole to need ${boundMebibytes} MiB`,
      seconds,
      everyMs: 200,
      look: () => Promise.resolve(peakOrDeath(greedy)),
      until: (mebibytes) => mebibytes >= boundMebibytes,
      evidence: () => scenario.evidence(),
    });
    lap('control');
  } finally {
    await scenario.close();
  }
});
