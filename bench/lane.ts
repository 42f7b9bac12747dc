import { createMapping } from '../model/mapping';
import { coalesce, type Mutation } from '../model/mutation';
import { tableTopic } from '../model/names';
import { parsePipeline } from '../model/pipeline';
import { createKafka } from '../stream/kafka';
import { openLaneReader } from '../stream/lane-reader';
import { decodeChange } from '../stream/envelope';
import type { FetchedRecord } from '../stream/log';
import type { Log, Place } from './log';
import { table } from './source';

/** Every record of a log, in the pieces that a lane hands out. */
export async function* readPieces(place: Place, log: Log): AsyncGenerator<readonly FetchedRecord[]> {
  const { log: settings } = parsePipeline(place.pipeline);
  const { prefix, partitions, windowDays } = settings;
  const reader = await openLaneReader({
    kafka: createKafka({ brokers: [place.kafka], clientId: 'bench-pieces' }),
    prefix,
    topics: { [tableTopic(prefix, table)]: partitions },
    logId: log.logId,
    windowMs: windowDays * 86_400_000,
    clientId: 'bench-pieces',
  });
  const { signal } = new AbortController();
  try {
    await reader.seek({});
    for (let passed = '0'; Number(passed) < Number(log.until);) {
      const piece = await reader.next({ maxRecords: 2_000, waitMs: 10_000, until: log.until, signal });
      if (!piece) throw new Error(`The log ${prefix} ends before offset ${log.until} of its positions.`);
      yield piece.records;
      passed = piece.next[`${prefix}.positions`]?.['0'] ?? '0';
    }
  } finally {
    await reader.close();
  }
}

/**
 * What a store is to hold of a log, as mutations, cut every `size`; in each cut the last write per document has won. What
 * the raw side writes: the same rows in the same order as ours, made ready before its clock runs.
 */
export async function readMutations(
  place: Place,
  { log, store, size }: { log: Log; store: string; size: number },
): Promise<(readonly Mutation[])[]> {
  const definition = parsePipeline(place.pipeline).stores[store];
  if (!definition) throw new Error(`The pipeline has no store '${store}'.`);
  const mapping = createMapping(definition);
  const all: Mutation[] = [];
  for await (const records of readPieces(place, log)) {
    for (const record of records) {
      const change = decodeChange(record);
      if (change) all.push(...mapping(change, record.offset));
    }
  }
  const cuts: (readonly Mutation[])[] = [];
  for (let at = 0; at < all.length; at += size) cuts.push(coalesce(all.slice(at, at + size)));
  return cuts;
}
