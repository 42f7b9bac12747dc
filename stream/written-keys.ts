import { readExtents } from './extents';
import { openFeed, type Feed, type FeedMessage } from './feed';
import { defaultKeyLimits } from './key-set';
import type { LiveKeysOptions } from './live-keys';
import { cut, Ended, Progress } from './scan';

/**
 * The keys a topic was written under and that may have a row, in one pass from its beginning to where it ended when the pass
 * began; in pages, between which nothing is read. A key whose tombstone follows within its page is left out; one whose
 * tombstone comes later may be given out all the same, and one that is written again and again several times. So it is for
 * those who look at each key anyway: what holds a table's live keys exactly (`liveKeys`) reads the topic once for every page.
 *
 * Throws `Unavailable`, or `Blocked` log-truncated when the topic is cut meanwhile; the signal's reason when it aborts.
 */
export async function* writtenKeys(options: LiveKeysOptions): AsyncGenerator<readonly Buffer[], void, undefined> {
  const { kafka, topic, signal, onAlive, limits = defaultKeyLimits } = options;
  const extents = (await readExtents(kafka, { [topic]: 0 })).get(topic);
  if (!extents) throw cut(topic);
  const progress = new Progress(topic, extents);
  if (progress.done) return;
  const partitions = extents.map((_, partition) => partition);
  const page = createPage();
  const isFull = () => page.keys.size >= limits.keys || page.bytes >= limits.bytes;
  let feed: Feed | null = null;
  let waiting: Ended | null = null;
  let failure: Error | null = null;
  const fail = (error: Error) => {
    failure ??= error;
    waiting?.reject(error);
  };
  // What was fetched already comes all the same: a page is as much larger (Invariant 10: `fetch.bytes`).
  const rest = () => partitions.forEach((partition) => feed?.pause(topic, partition));

  async function untilPage(): Promise<void> {
    if (failure) throw failure;
    if (isFull() || progress.done) return;
    partitions.forEach((partition) => feed?.resume(topic, partition));
    waiting = new Ended(topic, signal);
    try {
      await waiting.promise;
    } finally {
      waiting.dispose();
      waiting = null;
    }
  }

  feed = await openFeed({
    kafka,
    purpose: 'slipstream-written-keys',
    topics: { [topic]: extents.length },
    fetch: { waitMs: 100, bytes: 8 << 20, bytesPerPartition: 1 << 20 },
    start: (_topic, partition) => progress.next(partition),
    onRecords: (_topic, partition, messages) => {
      for (const message of messages) if (progress.isNew(partition, Number(message.offset))) page.add(message);
    },
    onPassed: (_topic, partition, offset) => {
      progress.passed(partition, offset);
      onAlive();
      waiting?.postpone();
      if (isFull()) rest();
      if (isFull() || progress.done) waiting?.resolve();
    },
    onJoined: () => undefined,
    onReset: () => fail(cut(topic)),
    onFailed: fail,
  });
  try {
    for (let isLast = false; !isLast;) {
      await untilPage();
      // Told before the page is given out: what is written meanwhile would make another one, and another, for ever.
      isLast = progress.done;
      yield page.take();
    }
  } finally {
    await feed.close();
  }
}

/** Keys whose last record, of those seen since the page before, is no tombstone. */
function createPage() {
  let keys = new Set<string>();
  let bytes = 0;
  return {
    get keys() {
      return keys;
    },
    get bytes() {
      return bytes;
    },
    add({ key, value }: FeedMessage): void {
      const text = key?.toString('utf8');
      if (text === undefined) return;
      if (value === null) keys.delete(text);
      else if (!keys.has(text)) {
        keys.add(text);
        bytes += text.length;
      }
    },
    take(): Buffer[] {
      const taken = [...keys].map((key) => Buffer.from(key));
      keys = new Set();
      bytes = 0;
      return taken;
    },
  };
}
