import type { Deps } from '../../activities/deps';
import { createKafka } from '../../stream/kafka';
import { openLaneReader } from '../../stream/lane-reader';
import type { FetchedRecord, LaneReader } from '../../stream/log';
import { tableTopics } from '../../stream/topics';

type OpenReader = Deps['openReader'];

/** A lane's reader as the worker opens it, with a consumer that pauses nothing. */
export function readingOn(brokers: readonly string[]): OpenReader {
  return ({ pipeline, tables, logId, clientId }) => {
    const kafka = createKafka({ brokers, clientId });
    const consumer: typeof kafka.consumer = (config) =>
      Object.assign(kafka.consumer(config), { pause: () => undefined });
    const { prefix, partitions, windowDays } = pipeline.log;
    return openLaneReader({
      ...{ kafka: Object.assign(Object.create(kafka) as typeof kafka, { consumer }), prefix, logId, clientId },
      topics: tableTopics(prefix, tables, partitions),
      windowMs: windowDays * 86_400_000,
    });
  };
}

/** The same reader, but what it hands out ends at a closed point: a transaction of the source is one piece, whatever its size. */
export function takingWhole(open: OpenReader): OpenReader {
  return async (options) => {
    const reader = await open(options);
    return {
      logId: reader.logId,
      seek: (next) => reader.seek(next),
      next: (asked) => nextWhole(reader, asked),
      ahead: () => reader.ahead(),
      close: () => reader.close(),
    };
  };
}

async function nextWhole(reader: LaneReader, asked: Parameters<LaneReader['next']>[0]): ReturnType<LaneReader['next']> {
  const first = await reader.next(asked);
  if (!first) return null;
  const records: FetchedRecord[] = [...first.records];
  let last = first;
  while (!last.closed && !asked.signal.aborted) {
    const more = await reader.next(asked);
    if (!more) continue;
    records.push(...more.records);
    last = more;
  }
  return { ...last, records };
}
