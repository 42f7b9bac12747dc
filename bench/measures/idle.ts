import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from 'pg';
import { withClient } from '../../examples/shop/database';
import { openCaptureSession, prepareCapture } from '../../capture/session';
import { positionsTopic, resourceNames, tableTopic } from '../../model/names';
import { captureOptionsAt, placeOf } from '../log';
import type { Bench, Measure, Result } from '../measure';
import { freshName, pipelineFile } from '../pipeline';
import { median } from '../statistics';
import { createDatabase, createSource, dropDatabase, table } from '../source';
import { countRecords, deleteTopics } from '../topics';

const defaultSeconds = 600;
const lookMs = 1_000;
/** People see one line of it this often. */
const sayEvery = 30;
const mebibyte = 1024 ** 2;

interface Kept {
  readonly ours: number;
  readonly bare: number;
  /** End of the WAL, bytes. */
  readonly end: number;
}

export const idle: Measure = {
  name: 'idle',
  question: 'How much WAL does the slot of a database at rest keep, beside a busy one on the same server?',
  parts: ['postgres', 'kafka'],
  async run(bench) {
    const { postgres, kafka } = bench.addresses;
    const name = freshName();
    const url = await createSource(postgres, `${name}_source`);
    const busyUrl = await createDatabase(postgres, `${name}_busy`);
    try {
      return [await measure(bench, { name, url, busyUrl })];
    } finally {
      await dropDatabase(postgres, url);
      await dropDatabase(postgres, busyUrl);
      await deleteTopics(kafka, `${name}.`);
    }
  },
};

async function measure(
  { addresses, options, say }: Bench,
  { name, url, busyUrl }: { name: string; url: string; busyUrl: string },
): Promise<Result> {
  const seconds = options.seconds ?? defaultSeconds;
  const place = placeOf(addresses, pipelineFile(name), { source: url });
  const { logId } = await prepareCapture(captureOptionsAt(place, null));
  const bare = `${name}_bare`;
  await withClient(url, (client) => client.query(`select pg_create_logical_replication_slot($1, 'pgoutput')`, [bare]));
  const session = await openCaptureSession(captureOptionsAt(place, logId));
  const ending = new AbortController();
  const running = session.run({ signal: ending.signal, maxMs: Infinity, onProgress: () => undefined });
  const slots = { ours: resourceNames(name).slot, bare };
  const samples: Kept[] = [];
  const positions = () => countRecords(addresses.kafka, positionsTopic(name));
  const before = await positions();
  const began = Date.now();
  const work = startWork(busyUrl, ending.signal);
  try {
    await withClient(url, async (client) => {
      while (Date.now() - began < seconds * 1_000) {
        samples.push(await look(client, slots));
        const last = samples.at(-1);
        if (last && samples.length % sayEvery === 1) {
          const at = Math.round((Date.now() - began) / 1_000);
          say(
            `${String(at).padStart(4)} s: keeps ${megabytes(last.ours)}; a slot that nobody reads ${megabytes(last.bare)}`,
          );
        }
        await Promise.race([pause(lookMs), running]);
      }
    });
  } finally {
    ending.abort();
    await work;
    await running;
    await session.close();
  }
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last) throw new Error('Nobody has looked.');
  const onTable = await countRecords(addresses.kafka, tableTopic(name, table));
  if (onTable !== 0) throw new Error(`The table that nobody writes to has ${onTable} records on the log.`);
  const kept = samples.map(({ ours }) => ours / mebibyte);
  const raw = last.bare / mebibyte;
  const most = Math.max(...kept);
  // Each is followed by its transaction's marker.
  const perSecond = ((await positions()) - before) / 2 / ((Date.now() - began) / 1_000);
  return {
    measure: 'idle',
    case: `${seconds} s`,
    value: most,
    unit: 'MiB',
    raw,
    rawIs: 'what a slot keeps that nobody reads, at the end',
    ratio: raw / most,
    runs: 1,
    samples: { ours: kept.filter((_, at) => at % sayEvery === 0), raw: [raw] },
    details: {
      'kept, median of the looks, MiB': median(kept),
      'kept at the end, MiB': last.ours / mebibyte,
      'WAL written meanwhile, MiB': (last.end - first.end) / mebibyte,
      'position records a second': perSecond,
    },
    workload:
      'a captured table without a write; in another database about 1 MiB of rows a second, ten transactions a second',
    compared: 'the topic of the table has no record',
  };
}

/** About 1 MiB a second, in transactions of about 100 KiB. */
async function startWork(url: string, signal: AbortSignal): Promise<void> {
  await withClient(url, async (client) => {
    await client.query('create table noise (id bigserial primary key, text text)');
    while (!signal.aborted) {
      await client.query(`insert into noise (text) select repeat(md5(random()::text), 32) from generate_series(1, 80)`);
      await pause(100);
    }
  });
}

async function look(client: Client, { ours, bare }: { ours: string; bare: string }): Promise<Kept> {
  const { rows } = await client.query<Record<'ours' | 'bare' | 'end', string>>(
    `select pg_current_wal_lsn() - '0/0' as end,
            pg_current_wal_lsn() - (select restart_lsn from pg_replication_slots where slot_name = $1) as ours,
            pg_current_wal_lsn() - (select restart_lsn from pg_replication_slots where slot_name = $2) as bare`,
    [ours, bare],
  );
  return { ours: Number(rows[0]?.ours), bare: Number(rows[0]?.bare), end: Number(rows[0]?.end) };
}

function megabytes(bytes: number): string {
  return `${(bytes / mebibyte).toFixed(1)} MiB`;
}
