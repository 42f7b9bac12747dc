import type { CopyOrders, KeyOrder } from '../activities/activities';
import { mostKeyBytes } from './copied-keys';
import type { CaptureProgress } from '../model/status';
import type { CopyOrder } from './messages';

/** What has been ordered of the copy and is not done yet; part of capture's state. Absent: nothing. */
export interface CopyState {
  readonly copyPaused?: boolean;
  /** Table → name of the order to copy it again, until the log holds that it was begun. */
  readonly copyAgain?: Readonly<Record<string, string>>;
  /** Orders of single rows, until a slice has said that they are on the log; told again they would do no harm. */
  readonly copyKeys?: readonly KeyOrder[];
}

/** `request`: a name nobody has used for this table before. */
export function withCopyOrder<State extends CopyState>(state: State, order: CopyOrder, request: string): State {
  if (order.table !== undefined && order.keys !== undefined)
    return withKeyOrder(state, order.table, order.keys, request);
  if (order.table !== undefined) return { ...state, copyAgain: { ...state.copyAgain, [order.table]: request } };
  return { ...state, copyPaused: order.action === 'pause' };
}

/** Of one moment may come several: each has a name of its own. */
function withKeyOrder<State extends CopyState>(
  state: State,
  ...[table, keys, request]: [table: string, keys: KeyOrder['keys'], request: string]
): State {
  const { copyKeys = [] } = state;
  return { ...state, copyKeys: [...copyKeys, { request: `${request}.${copyKeys.length}`, table, keys }] };
}

/** Why an order has to wait until others are done; null: it need not. */
export function noRoomFor({ copyKeys = [] }: CopyState, { table, keys }: CopyOrder): string | null {
  if (keys === undefined) return null;
  const waiting = copyKeys.map((order) => order.keys);
  if (JSON.stringify([...waiting, keys]).length <= mostKeyBytes + 2) return null;
  return `copy: ${waiting.length} orders of single rows wait already; send the keys of ${table} again when they are done.`;
}

/** An order is forgotten once it stands on the log: what the log holds is resumed there by whoever comes. */
export function withoutBegun<State extends CopyState>(state: State, progress: CaptureProgress): State {
  const { copyAgain, copyKeys } = state;
  const left = Object.entries(copyAgain ?? {}).filter(
    ([table, request]) => progress.copies[table]?.request !== request,
  );
  const ended = new Set(progress.keysCopied?.map(({ request }) => request));
  return {
    ...state,
    ...(copyAgain === undefined ? {} : { copyAgain: Object.fromEntries(left) }),
    ...(copyKeys === undefined ? {} : { copyKeys: copyKeys.filter(({ request }) => !ended.has(request)) }),
  };
}

/** For a slice; undefined: nothing is ordered. */
export function copyOrdersOf({ copyPaused = false, copyAgain = {}, copyKeys = [] }: CopyState): CopyOrders | undefined {
  if (!copyPaused && Object.keys(copyAgain).length === 0 && copyKeys.length === 0) return undefined;
  return { paused: copyPaused, again: copyAgain, ...(copyKeys.length > 0 ? { keys: copyKeys } : {}) };
}

/** Those of a slice that could not be obeyed, for people: newer than what was told before. */
export function refusedKeys(state: CopyState, progress: CaptureProgress): string[] {
  const waiting = new Set(state.copyKeys?.map(({ request }) => request));
  return (progress.keysCopied ?? [])
    .filter(({ request, refused }) => refused !== undefined && waiting.has(request))
    .map(({ refused }) => `copy: nothing was copied: ${refused}. Send the order again with other keys.`);
}

/** Slices under the same orders need not be cut short. */
export function sameCopyOrders(left: CopyState, right: CopyState): boolean {
  const known = new Set(left.copyKeys?.map(({ request }) => request));
  return (
    (left.copyPaused ?? false) === (right.copyPaused ?? false) &&
    isWithin(right.copyAgain, left.copyAgain) &&
    (right.copyKeys ?? []).every(({ request }) => known.has(request))
  );
}

/** A slice that knows of more than is left to be done has done it. */
function isWithin(some: CopyState['copyAgain'] = {}, all: CopyState['copyAgain'] = {}): boolean {
  return Object.entries(some).every(([table, request]) => all[table] === request);
}
