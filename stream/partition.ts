/**
 * Java's default partitioner (murmur2 of the key's bytes), so that every Kafka client finds a key where we put it.
 * In 32-bit integers: kafkajs' own runs on BigInt and takes 4 CPU-seconds per million keys. `from` and `to`: where the key stands
 * in these bytes.
 */
export function partitionOf(key: Buffer, partitions: number, from = 0, to = key.length): number {
  return (murmur2(key, from, to) & 0x7fffffff) % partitions;
}

const multiplier = 0x5bd1e995;

function murmur2(key: Buffer, from: number, to: number): number {
  const length = to - from;
  const words = from + (length & ~3);
  let hash = 0x9747b28c ^ length;
  for (let at = from; at < words; at += 4) {
    let word = Math.imul(key.readInt32LE(at), multiplier);
    word = Math.imul(word ^ (word >>> 24), multiplier);
    hash = Math.imul(hash, multiplier) ^ word;
  }
  const rest = length & 3;
  if (rest === 3) hash ^= (key[words + 2] ?? 0) << 16;
  if (rest >= 2) hash ^= (key[words + 1] ?? 0) << 8;
  if (rest >= 1) hash = Math.imul(hash ^ (key[words] ?? 0), multiplier);
  hash = Math.imul(hash ^ (hash >>> 13), multiplier);
  return hash ^ (hash >>> 15);
}
