import { createHash } from 'node:crypto';
import type { PartitionDigest } from '../stream/log';

/** A partition that holds rows, as the catalogue has it. */
export interface Partition {
  /** Quoted where it has to be. */
  readonly name: string;
  /** The transactions that attached it, and what it stands in, up to the table: others after it was detached and came back. */
  readonly attached: string;
  /** Where its rows are: another file after a TRUNCATE, and after anything else that writes all of them anew. */
  readonly file: string;
}

/** By relation id. */
export type Partitions = Readonly<Record<string, Partition>>;

/** What was known of a table's partitions: by whoever looked last, or by the log, which keeps ids and a digest. */
export type KnownPartitions =
  { readonly partitions: Partitions } | { readonly ids: readonly string[]; readonly digest: PartitionDigest | null };

/** What became of the partitions that were there before and are there now. */
export interface PartitionMoves {
  /** Detached and attached again: any row of theirs may be another one, or gone. */
  readonly returned: readonly string[];
  /** Truncated, or rewritten with the rows they had: rows may be gone, and none came. */
  readonly rewritten: readonly string[];
}

export const noMoves: PartitionMoves = { returned: [], rewritten: [] };

export function digestOf(partitions: Partitions): PartitionDigest {
  return { attached: digest(partitions, ({ attached }) => attached), files: digest(partitions, ({ file }) => file) };
}

/** Pure. A digest says that one of them moved, and not which. */
export function movesOf(known: KnownPartitions | null, now: Partitions): PartitionMoves {
  if (known === null) return noMoves;
  if ('partitions' in known) {
    const { partitions: before } = known;
    const kept = Object.entries(now).flatMap(([id, is]) => (before[id] ? [{ was: before[id], is }] : []));
    const returned = kept.filter(({ was, is }) => was.attached !== is.attached);
    const rewritten = kept.filter(({ was, is }) => was.attached === is.attached && was.file !== is.file);
    return { returned: returned.map(({ is }) => is.name), rewritten: rewritten.map(({ is }) => is.name) };
  }
  const { ids, digest: before } = known;
  const kept = Object.entries(now).filter(([id]) => ids.includes(id));
  if (before === null || kept.length === 0) return noMoves;
  const after = digestOf(Object.fromEntries(kept));
  const some = ['of unknown name'];
  // Of those that are gone nobody knows their part of the digest, so nothing is known of the others either.
  if (kept.length < ids.length || before.attached !== after.attached) return { returned: some, rewritten: [] };
  return { returned: [], rewritten: before.files === after.files ? [] : some };
}

function digest(partitions: Partitions, what: (partition: Partition) => string): string {
  const ids = Object.keys(partitions).sort((left, right) => Number(left) - Number(right));
  const text = ids.map((id) => `${id}:${partitions[id] ? what(partitions[id]) : ''}`).join(',');
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
