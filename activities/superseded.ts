import type { FetchedRecord } from '../stream/log';

/**
 * Leaves the records out that a later one of their row makes good for: a record is its row in full, so the last of them says
 * it all. The log's compaction takes the same ones away, later. Also tombstones, which say nothing to a store. The order stays.
 */
export function withoutSuperseded(records: readonly FetchedRecord[]): readonly FetchedRecord[] {
  const topics = new Map<string, Set<string>>();
  const last: FetchedRecord[] = [];
  for (let at = records.length - 1; at >= 0; at -= 1) {
    const record = records[at];
    if (!record || record.value === null) continue;
    // Without a key it cannot be read, and whoever tries says so.
    if (record.key !== null && isSeen(topics, record.topic, record.key.toString('latin1'))) continue;
    last.push(record);
  }
  return last.reverse();
}

/** Whether this key was there already; from now on it is. */
function isSeen(topics: Map<string, Set<string>>, topic: string, key: string): boolean {
  let keys = topics.get(topic);
  if (!keys) topics.set(topic, (keys = new Set()));
  return keys.size === keys.add(key).size;
}
