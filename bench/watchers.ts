import { setTimeout as pause } from 'node:timers/promises';
import { openReplication } from '../capture/replication';
import { decodeWalMessage } from '../capture/pgoutput';
import { withClient } from '../examples/shop/database';
import { openFeed, type FeedMessage } from '../stream/feed';
import { createKafka } from '../stream/kafka';
import { Arrivals } from './arrivals';
import { publication } from './slots';
import { askSearch } from './truth';

/**
 * Between two looks, milliseconds: what a reading may be too late by, besides the look itself. Not less: who looks has the
 * same two cores as what is looked at, and a thousand looks a second lengthen what they measure.
 */
const replicaPauseMs = 4;
const searchPauseMs = 20;

export interface Watcher {
  readonly arrivals: Arrivals;
  stop(): Promise<void>;
}

/** Looks at the readers' view again and again. */
export function watchReplica(url: string, view: string): Watcher {
  const arrivals = new Arrivals();
  return watch(arrivals, (stopped) =>
    withClient(url, async (client) => {
      while (!stopped()) {
        const { rows } = await client.query<{ id: string }>({
          name: 'watch',
          text: `select id from ${view} where id >= $1`,
          values: [arrivals.low],
        });
        arrivals.see(rows.map(({ id }) => Number(id)));
        await pause(replicaPauseMs);
      }
    }),
  );
}

interface Hits {
  readonly hits: { readonly hits: readonly { readonly fields: { readonly id: readonly number[] } }[] };
}

/** Searches by the readers' alias again and again. */
export function watchIndex(url: string, alias: string): Watcher {
  const arrivals = new Arrivals();
  return watch(arrivals, async (stopped) => {
    while (!stopped()) {
      const { hits } = (await askSearch(url, `/${alias}/_search`, {
        query: { range: { id: { gte: arrivals.low } } },
        size: 5_000,
        _source: false,
        docvalue_fields: ['id'],
        track_total_hits: false,
      })) as Hits;
      arrivals.see(hits.hits.map(({ fields }) => Number(fields.id[0])));
      await pause(searchPauseMs);
    }
  });
}

/** A bare reader of the replication stream beside ours: when PostgreSQL itself gives a commit out. */
export async function watchStream(
  url: string,
  { slot, startLsn }: { slot: string; startLsn: string },
): Promise<Watcher> {
  const arrivals = new Arrivals();
  const replication = await openReplication(url);
  replication.stream({
    slot,
    publication,
    startLsn,
    handlers: {
      onMessage(payload) {
        const message = decodeWalMessage(payload);
        if (message.kind === 'insert') arrivals.see([Number(message.after[0])]);
      },
      onOversized: (_head, bytes) => new Error(`A message of ${bytes} bytes.`),
      onKeepalive: () => undefined,
      onEnd: (error) => process.stderr.write(`  the bare stream ended: ${error.message}\n`),
    },
  });
  return { arrivals, stop: () => replication.close() };
}

/** A reader of the log as any is: committed records of a table topic, as they are fetched. */
export async function watchLog(
  broker: string,
  { topic, partitions }: { topic: string; partitions: number },
): Promise<Watcher> {
  const arrivals = new Arrivals();
  const kafka = createKafka({ brokers: [broker], clientId: 'bench-watch' });
  const ids = (messages: readonly FeedMessage[]) =>
    messages.flatMap(({ key }) => (key ? [Number((JSON.parse(key.toString()) as { id: string }).id)] : []));
  const feed = await openFeed({
    ...{ kafka, purpose: 'bench-watch', topics: { [topic]: partitions } },
    fetch: { waitMs: 500, bytes: 1 << 20, bytesPerPartition: 1 << 20 },
    start: () => 0,
    onRecords: (_topic, _partition, messages) => arrivals.see(ids(messages)),
    onPassed: () => undefined,
    onJoined: () => undefined,
    onReset: () => process.stderr.write('  the watched log was reset\n'),
    onFailed: (error) => process.stderr.write(`  the reader of the log ended: ${error.message}\n`),
  });
  return { arrivals, stop: () => feed.close() };
}

function watch(arrivals: Arrivals, loop: (stopped: () => boolean) => Promise<void>): Watcher {
  let stopped = false;
  const looking = loop(() => stopped);
  looking.catch(() => undefined); // told by `stop`, or by whoever waits for a row in vain
  return {
    arrivals,
    async stop() {
      stopped = true;
      await looking;
    },
  };
}

/** Waits until every row up to, not including, `count` was seen by all. */
export async function untilSeen(
  watchers: Readonly<Record<string, Watcher>>,
  count: number,
  seconds: number,
): Promise<void> {
  const deadline = Date.now() + seconds * 1_000;
  for (;;) {
    const behind = Object.entries(watchers).filter(([, { arrivals }]) => arrivals.low < count);
    if (behind.length === 0) return;
    if (Date.now() > deadline) {
      const where = behind.map(([name, { arrivals }]) => `${name} row ${arrivals.low}`).join(', ');
      throw new Error(`After ${seconds} s of rest, of ${count} rows the first unseen are: ${where}.`);
    }
    await pause(20);
  }
}
