import type { PoisonRecord } from '../../model/errors';
import { coalesce, type Mutation } from '../../model/mutation';
import { rowOf } from '../../stream/parked-format';
import type { FetchedRecord } from '../../stream/log';
import type { Mapped } from '../micro-batches';

/** A record that is not applied now. */
export interface SetAside {
  readonly record: FetchedRecord;
  /** null: nothing is wrong with it, but an earlier record of its row is not applied either. */
  readonly error: PoisonRecord | null;
}

export interface Sifted {
  /** For the store: one per document, none of a row that is parked. */
  readonly mutations: readonly Mutation[];
  /** In the order of the log. */
  readonly aside: readonly SetAside[];
}

/**
 * Takes out of a batch what must not be applied: records of rows that are parked (`isParked`), records that could not be
 * decoded or mapped with all later ones of their rows, and rows that the store has refused, from their first record in
 * the batch on: what it refused was the last of them, and the others went into that one. Pure.
 */
export function sift(
  { each, sources, poison }: Mapped,
  isParked: (row: string) => boolean,
  refused: ReadonlyMap<Mutation, PoisonRecord> = new Map(),
): Sifted {
  const rows = sources.map(rowOf);
  const refusedRows = new Set(each.flatMap((mutation, at) => (refused.has(mutation) ? [rows[at] ?? ''] : [])));
  const parkedNow = new Set<string>();
  const isOut = (row: string) => parkedNow.has(row) || refusedRows.has(row) || isParked(row);
  const kept: Mutation[] = [];
  const aside: SetAside[] = [];
  const waiting = [...poison];
  const takePoison = (upTo: number) => {
    for (let next = waiting[0]; next && next.at <= upTo; next = waiting[0]) {
      waiting.shift();
      const row = rowOf(next.source);
      // Behind what is parked it has not been tried: the reason it would be parked for may be gone by then.
      aside.push({ record: next.source, error: isParked(row) ? null : next.error });
      parkedNow.add(row);
    }
  };
  for (const [at, mutation] of each.entries()) {
    takePoison(at);
    const [row, record] = [rows[at], sources[at]];
    if (row === undefined || record === undefined) continue;
    if (isOut(row)) put(aside, { record, error: refused.get(mutation) ?? null });
    else kept.push(mutation);
  }
  takePoison(each.length);
  return { mutations: coalesce(kept), aside };
}

/** A record that becomes several documents is one all the same: what is wrong with any of them is wrong with it. */
function put(aside: SetAside[], one: SetAside): void {
  const last = aside.at(-1);
  if (last?.record === one.record) aside[aside.length - 1] = { record: one.record, error: last.error ?? one.error };
  else aside.push(one);
}
