import {
  ApplicationFailure,
  setDefaultQueryHandler,
  setDefaultSignalHandler,
  setDefaultUpdateHandler,
  setHandler,
} from '@temporalio/workflow';
import { notParked } from '../model/poison';
import type { CaptureStatus, PipelineStatus, Problem, StoreStatus } from '../model/status';
import { checkCopy, checkParked, checkRebuild, checkTarget, type Checked } from './arguments';
import {
  copySignal,
  copyUpdate,
  describeOrder,
  errorsQuery,
  helpQuery,
  offsetsQuery,
  parkedSignal,
  parkedUpdate,
  pauseSignal,
  pauseUpdate,
  queryDescriptions,
  rebuildSignal,
  rebuildUpdate,
  resumeSignal,
  resumeUpdate,
  retrySignal,
  retryUpdate,
  statusQuery,
  stopSignal,
  stopUpdate,
  type CopyOrder,
  type Help,
  type OffsetsAnswer,
  type OrderName,
  type ParkedMessage,
  type RebuildOrder,
  type Target,
} from './messages';
import type { Fault } from './problems';

export type Order =
  | { readonly name: Exclude<OrderName, 'rebuild' | 'copy' | 'parked'>; readonly target: Target }
  | { readonly name: 'copy'; readonly copy: CopyOrder }
  | { readonly name: 'parked'; readonly parked: ParkedMessage }
  | { readonly name: 'rebuild'; readonly rebuild: RebuildOrder };

/** Whom an order names; `undefined`: whoever it was sent to. */
export function namedBy(order: Order): string | undefined {
  switch (order.name) {
    case 'rebuild':
      return order.rebuild.store;
    case 'parked':
      return order.parked.store;
    case 'copy':
      return undefined;
    default:
      return order.target.store;
  }
}

export interface Operated<Status extends PipelineStatus | CaptureStatus | StoreStatus> {
  readonly orders: readonly OrderName[];
  /**
   * `sync` merely passes on: a rebuild must name its store, and there are no updates, which it could not answer for its
   * children. A child is its own address, and serves updates too.
   */
  readonly receiver: 'sync' | 'child';
  /** What is wrong with an order that is well-formed; null: nothing. */
  readonly refuse: (order: Order) => string | null;
  /** Records the order and returns: a handler that waits would block continue-as-new (but for `answer`). */
  readonly obey: (order: Order) => void;
  /** Of an update that was obeyed: what becomes of it, told soon; null as a result: all is well. null: its status is its answer. */
  readonly answer?: (order: Order) => Promise<string | null> | null;
  readonly record: (fault: Fault) => void;
  readonly status: () => Status;
  readonly offsets: () => OffsetsAnswer;
  readonly errors: () => readonly Problem[];
}

const signals = {
  pause: pauseSignal,
  resume: resumeSignal,
  retry: retrySignal,
  stop: stopSignal,
  rebuild: rebuildSignal,
  copy: copySignal,
  parked: parkedSignal,
};

/** Registers everything people can say and ask. Call it before the first await: a message may be there already. */
export function serveOperators<Status extends PipelineStatus | CaptureStatus | StoreStatus>(
  served: Operated<Status>,
): void {
  const { orders, record, obey } = served;
  const check = (name: OrderName, input: unknown): Checked<Order> => {
    const order = parseOrder(name, input, served.receiver);
    const why = order.ok ? served.refuse(order.value) : null;
    return why === null ? order : { ok: false, why };
  };
  for (const name of orders) {
    const onSignal = (input?: unknown) => {
      const order = check(name, input);
      if (order.ok) obey(order.value);
      else record({ type: 'InvalidMessage', message: order.why });
    };
    setHandler(signals[name], onSignal, { description: describeOrder(name, served.receiver) });
  }
  serveQueries(served);
  if (served.receiver === 'child') serveUpdates(served, check);
  // Last: what waits for a run to begin, as behind a continue-as-new, is given to a default handler as soon as there is one.
  serveUnknown(served);
}

function parseOrder(name: OrderName, input: unknown, receiver: 'sync' | 'child'): Checked<Order> {
  if (name === 'rebuild') {
    const rebuild = checkRebuild(input, { storeNeeded: receiver === 'sync' });
    return rebuild.ok ? { ok: true, value: { name, rebuild: rebuild.value } } : rebuild;
  }
  if (name === 'copy') {
    const copy = checkCopy(input);
    return copy.ok ? { ok: true, value: { name, copy: copy.value } } : copy;
  }
  if (name === 'parked') {
    const parked = checkParked(input, { storeNeeded: receiver === 'sync' });
    return parked.ok ? { ok: true, value: { name, parked: parked.value } } : parked;
  }
  const target = checkTarget(name, input);
  return target.ok ? { ok: true, value: { name, target: target.value } } : target;
}

function serveUpdates<Status extends PipelineStatus | CaptureStatus | StoreStatus>(
  served: Operated<Status>,
  check: (name: OrderName, input: unknown) => Checked<Order>,
): void {
  const { orders, obey, status } = served;
  const updates = {
    pause: pauseUpdate,
    resume: resumeUpdate,
    retry: retryUpdate,
    stop: stopUpdate,
    rebuild: rebuildUpdate,
    copy: copyUpdate,
    parked: parkedUpdate,
  };
  for (const name of orders) {
    const accept = (input?: unknown) => {
      const order = check(name, input);
      if (order.ok) obey(order.value);
      const answer = order.ok ? (served.answer?.(order.value) ?? null) : null;
      const now = () => status() as CaptureStatus | StoreStatus;
      return answer === null ? now() : answer.then(refuseWith).then(now);
    };
    // Synchronous: an asynchronous validator can never reject.
    const validator = (input?: unknown) => {
      const order = check(name, input);
      if (!order.ok) throw ApplicationFailure.nonRetryable(order.why, 'InvalidMessage');
    };
    setHandler(updates[name], accept, { description: describeOrder(name, 'child'), validator });
  }
}

function refuseWith(why: string | null): void {
  if (why !== null) throw ApplicationFailure.nonRetryable(why, notParked);
}

function serveQueries<Status extends PipelineStatus | CaptureStatus | StoreStatus>(served: Operated<Status>): void {
  const help = helpOf(served.orders, served.receiver);
  setHandler(statusQuery, served.status, { description: queryDescriptions.status });
  setHandler(offsetsQuery, served.offsets, { description: queryDescriptions.offsets });
  setHandler(errorsQuery, served.errors, { description: queryDescriptions.errors });
  setHandler(helpQuery, () => help, { description: queryDescriptions.help });
}

/** A name nobody knows is answered with those that are known: at once where there is an answer, else in `errors`. */
function serveUnknown<Status extends PipelineStatus | CaptureStatus | StoreStatus>(served: Operated<Status>): void {
  const { orders, record, receiver } = served;
  const orderNames = orders.join(', ');
  setDefaultSignalHandler((name) => {
    record({ type: 'InvalidMessage', message: `There is no signal '${name}'. Known are ${orderNames}.` });
  });
  setDefaultUpdateHandler((name) => {
    const known = receiver === 'child' ? `Known are ${orderNames}.` : `Send a signal; known are ${orderNames}.`;
    throw ApplicationFailure.nonRetryable(`There is no update '${name}'. ${known}`, 'InvalidMessage');
  });
  setDefaultQueryHandler((name) => {
    const known = Object.keys(queryDescriptions).join(', ');
    throw new Error(`There is no query '${name}'. Known are ${known}.`);
  });
}

function helpOf(orders: readonly OrderName[], receiver: 'sync' | 'child'): Help {
  const described = Object.fromEntries(orders.map((name) => [name, describeOrder(name, receiver)]));
  return { signals: described, updates: receiver === 'child' ? described : {}, queries: queryDescriptions };
}
