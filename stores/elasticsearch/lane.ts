import { Unavailable } from '../../model/errors';
import type { Offsets } from '../../model/offsets';
import { origin, type Position } from '../../model/position';
import { behind, fenced, judgeBatch, mayOwn, mismatch, missing, type LaneRecord } from '../ownership';
import type { Batch, Generation, Lane, Owner } from '../store';
import {
  acknowledged,
  bulkItems,
  errorType,
  isSuccess,
  judgeItem,
  refused,
  refusedItem,
  succeeded,
  type BulkItem,
} from './answers';
import type { Ask } from './client';
import { recordField, recordId, writeAlias, writeAliasPrefix } from './names';
import { laneLost, sendBulk } from './send';

/**
 * What a generation's index says of one lane. Persistent: a change of its shape is a change of `format`, and the test
 * that pins it says how.
 */
export interface StoredRecord {
  readonly format: 1;
  readonly lane: number;
  readonly logId: string;
  readonly mappingHash: string;
  readonly next: Offsets;
  readonly position: Position;
  readonly positionAt: number;
}

/** The record with the sequence number it was read or written at: what the next write is conditional on. */
export interface LaneState extends LaneRecord {
  readonly record: StoredRecord;
  readonly sequence: number;
  readonly term: number;
}

interface AliasBody {
  readonly filter?: { readonly match_none?: { readonly _name?: string } };
}

export interface CurrentAlias {
  readonly name: string;
  readonly owner: Owner | null;
}

/**
 * The owner travels in its alias: name and owner are swapped in one step, so there is never one without the other. A
 * filter that matches nothing also says that nobody reads here.
 */
function aliasFilter(owner: Owner | null): object {
  return { match_none: { _name: JSON.stringify(owner) } };
}

/** The alias that a lane is created with, for the body that creates the index. */
export function unownedAlias(index: string, lane: Lane): Record<string, object> {
  return { [writeAlias(index, lane, null)]: { is_write_index: true, is_hidden: true, filter: aliasFilter(null) } };
}

/** Who has the lane, as the cluster says. Throws `Blocked` store-behind when the index or the alias is not there. */
async function readAlias(ask: Ask, index: string, generation: Generation, lane: Lane): Promise<CurrentAlias> {
  const answer = await ask({ method: 'GET', path: [index, '_alias'] });
  if (answer.status === 404) throw missing(generation);
  const found = succeeded<Record<string, { aliases: Record<string, AliasBody> }>>(answer, `reading ${index}`);
  const prefix = writeAliasPrefix(index, lane);
  for (const [name, body] of Object.entries(found[index]?.aliases ?? {})) {
    if (name.startsWith(prefix)) {
      return { name, owner: JSON.parse(body.filter?.match_none?._name ?? 'null') as Owner | null };
    }
  }
  throw behind(generation, lane);
}

/** The record as it is now (a get by id needs no refresh), or null. */
export async function readRecord(ask: Ask, index: string, lane: Lane): Promise<Omit<LaneState, 'owner'> | null> {
  const answer = await ask({ method: 'GET', path: [index, '_doc', recordId(lane)] });
  if (answer.status === 404) return null;
  const body = succeeded<{
    _seq_no: number;
    _primary_term: number;
    _source: { [recordField]: StoredRecord };
  }>(answer, `reading the record of ${index}`);
  const record = body._source[recordField];
  const { next, logId, mappingHash } = record;
  return { record, next, logId, mappingHash, sequence: body._seq_no, term: body._primary_term };
}

/** Owner and record. Throws `Blocked` store-behind when one is missing: an index without its record is not ours to fill. */
export async function readLane(ask: Ask, index: string, generation: Generation, lane: Lane): Promise<LaneState> {
  // In this order: whoever still has the lane when the alias is read had it when the record was. The other way round, a
  // replaced owner could see its successor's offsets beside its own name, and take that for a loss.
  const record = await readRecord(ask, index, lane);
  const { owner } = await readAlias(ask, index, generation, lane);
  if (!record) throw behind(generation, lane);
  return { ...record, owner };
}

/**
 * Invariant 4: gives the lane to `owner` by swapping the write alias in one call that fails unless the alias read before
 * is still there. Of two that read the same alias one gets it, and whoever had it before is refused from then on, also
 * for deletes whose versions Elasticsearch has forgotten.
 */
export async function takeLane(
  ask: Ask,
  input: { readonly index: string; readonly generation: Generation; readonly lane: Lane; readonly owner: Owner },
): Promise<LaneState & { readonly previous: Owner | null }> {
  const { index, generation, lane, owner } = input;
  const current = await readAlias(ask, index, generation, lane);
  const before = await readRecord(ask, index, lane);
  const problem = before && mismatch(before, generation);
  if (problem) throw problem;
  if (!mayOwn(current.owner, owner)) throw fenced(generation, lane);
  const alias = writeAlias(index, lane, owner);
  if (current.name !== alias) {
    const answer = await ask({
      method: 'POST',
      path: ['_aliases'],
      body: {
        actions: [
          { remove: { index, alias: current.name, must_exist: true } },
          { add: { index, alias, is_write_index: true, is_hidden: true, filter: aliasFilter(owner) } },
        ],
      },
    });
    if (answer.status === 404 && errorType(answer) === 'aliases_not_found_exception') throw fenced(generation, lane);
    acknowledged(answer, `the take-over of ${index}`);
  }
  // Read again after the swap: what was read before may miss what the previous owner was still allowed to write.
  const record = await readRecord(ask, index, lane);
  if (!record) throw behind(generation, lane);
  return { ...record, owner, previous: current.owner };
}

/** The record of a lane that holds nothing. Through the alias nobody owns: once somebody does, it is not begun again. */
export async function createRecord(ask: Ask, index: string, generation: Generation, lane: Lane): Promise<void> {
  const record: StoredRecord = {
    format: 1,
    lane: lane.index,
    logId: generation.logId,
    mappingHash: generation.mappingHash,
    next: {},
    position: origin,
    positionAt: 0,
  };
  const item = await sendRecord(ask, {
    alias: writeAlias(index, lane, null),
    action: { create: { _id: recordId(lane) } },
    record,
  });
  if (item === laneLost) throw behind(generation, lane);
  const verdict = judgeItem(item);
  if (verdict !== 'written' && verdict !== 'held') throw refusedItem(item, `creating the record of ${index}`);
}

/**
 * Moves the record to the end of a batch whose mutations are all durable: conditional on the very write that put it at
 * `from`, and through the owner's alias. null: someone else has written it, or has the lane.
 */
export async function moveRecord(
  ask: Ask,
  input: {
    readonly index: string;
    readonly generation: Generation;
    readonly batch: Batch;
    readonly state: LaneState;
    readonly signal: AbortSignal;
  },
): Promise<LaneState | null> {
  const { index, generation, batch, state, signal } = input;
  const { lane, owner, to: next, position, positionAt } = batch;
  const record: StoredRecord = { ...state.record, next, position, positionAt };
  const item = await sendRecord(ask, {
    alias: writeAlias(index, lane, owner),
    action: { index: { _id: recordId(lane), if_seq_no: state.sequence, if_primary_term: state.term } },
    record,
    signal,
  });
  if (item === laneLost) return null;
  const verdict = judgeItem(item);
  if (verdict === 'held' || verdict === 'fenced') return null;
  if (verdict !== 'written') throw refusedItem(item, `the record of ${index}`);
  const { logId, mappingHash } = generation;
  if (item._seq_no === undefined || item._primary_term === undefined) {
    throw new Unavailable(
      `Elasticsearch's answer to the record of ${index} has no sequence number. It is tried again.`,
    );
  }
  return { record, owner, next, logId, mappingHash, sequence: item._seq_no, term: item._primary_term };
}

async function sendRecord(
  ask: Ask,
  input: { alias: string; action: object; record: StoredRecord; signal?: AbortSignal },
): Promise<BulkItem | typeof laneLost> {
  const { alias, action, record, signal } = input;
  const lines = Buffer.from(`${JSON.stringify(action)}\n${JSON.stringify({ [recordField]: record })}\n`);
  const answer = await sendBulk(ask, { alias, lines, sequence: true, ...(signal ? { signal } : {}) });
  if (!isSuccess(answer)) throw refused(answer, `the record behind ${alias}`);
  const [item] = bulkItems(answer, 1);
  if (!item || judgeItem(item) === 'fenced') return laneLost;
  return item;
}

/** What a batch is to the lane as it is now. `repeated`: all of it is held. Throws `Fenced` or `Blocked` store-behind. */
export function admit(state: LaneState, generation: Generation, batch: Batch): 'apply' | 'repeated' {
  const verdict = judgeBatch(state, generation, batch);
  if (verdict === 'fenced') throw fenced(generation, batch.lane);
  if (verdict === 'behind') throw behind(generation, batch.lane);
  return verdict;
}
