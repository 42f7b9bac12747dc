import type { CopyOrders } from '../activities/activities';
import type { CaptureProgress } from '../model/status';
import type { CopyOrder } from './messages';

/** What has been ordered of the copy and is not done yet; part of capture's state. Absent: nothing. */
export interface CopyState {
  readonly copyPaused?: boolean;
  /** Table → name of the order to copy it again, until the log holds that it was begun. */
  readonly copyAgain?: Readonly<Record<string, string>>;
}

/** `request`: a name nobody has used for this table before. */
export function withCopyOrder<State extends CopyState>(state: State, order: CopyOrder, request: string): State {
  if (order.table !== undefined) return { ...state, copyAgain: { ...state.copyAgain, [order.table]: request } };
  return { ...state, copyPaused: order.action === 'pause' };
}

/** An order is forgotten once it stands on the log: what the log holds is resumed there by whoever comes. */
export function withoutBegun<State extends CopyState>(state: State, progress: CaptureProgress): State {
  const { copyAgain } = state;
  if (copyAgain === undefined) return state;
  const left = Object.entries(copyAgain).filter(([table, request]) => progress.copies[table]?.request !== request);
  return { ...state, copyAgain: Object.fromEntries(left) };
}

/** For a slice; undefined: nothing is ordered. */
export function copyOrdersOf({ copyPaused = false, copyAgain = {} }: CopyState): CopyOrders | undefined {
  if (!copyPaused && Object.keys(copyAgain).length === 0) return undefined;
  return { paused: copyPaused, again: copyAgain };
}

/** Slices under the same orders need not be cut short. */
export function sameCopyOrders(left: CopyState, right: CopyState): boolean {
  return (left.copyPaused ?? false) === (right.copyPaused ?? false) && isWithin(right.copyAgain, left.copyAgain);
}

/** A slice that knows of more than is left to be done has done it. */
function isWithin(some: CopyState['copyAgain'] = {}, all: CopyState['copyAgain'] = {}): boolean {
  return Object.entries(some).every(([table, request]) => all[table] === request);
}
