import { patched, setHandler } from '@temporalio/workflow';
import { gistOf } from '../model/slot-risk';
import type { Pipeline } from '../model/pipeline';
import type { PipelineStatus } from '../model/status';
import { checkCopied } from './arguments';
import { internalDescriptions, reportSignal, type Report } from './messages';
import { namedBy, serveOperators, type Order } from './operators';
import {
  childNames,
  childReported,
  isLate,
  noRoomFor,
  relayed,
  toldLate,
  withSyncFault,
  type Relayed,
} from './sync-state';
import type { Syncer } from './syncer';

export function serveSync(syncer: Syncer): void {
  // Before the others: their default handler takes every waiting message that has no handler yet.
  setHandler(reportSignal, (report) => hear(syncer, report), { description: internalDescriptions.report });
  serveOperators<PipelineStatus>({
    orders: ['pause', 'resume', 'retry', 'stop', 'rebuild', 'copy', 'parked'],
    receiver: 'sync',
    refuse: (order) => refuse(syncer, order),
    obey: (order) => {
      // The file is still being checked: which children there are is not known yet.
      if (syncer.pipeline || isStop(order)) obey(syncer, order);
      else syncer.early.push(() => obeyLate(syncer, order));
      if (order.name === 'retry') syncer.retries += 1;
    },
    record: (fault) => {
      syncer.state = withSyncFault(syncer.state, fault, Date.now());
    },
    status: syncer.status,
    offsets: () => ({
      capture: syncer.capture.progress?.position ?? null,
      stores: Object.fromEntries(
        Object.values(syncer.stores).map(({ store, generations }) => [
          store,
          Object.fromEntries(generations.map(({ number, progress }) => [String(number), progress?.next ?? {}])),
        ]),
      ),
    }),
    errors: () => syncer.state.problems,
  });
}

/** `stop` without a target ends the whole sync. */
function isStop(order: Order): boolean {
  return order.name === 'stop' && order.target.store === undefined;
}

function targetOf(order: Order): string | undefined {
  if (order.name === 'copy') return 'capture';
  return namedBy(order);
}

function refuse(syncer: Syncer, order: Order): string | null {
  const { pipeline } = syncer;
  if (!pipeline) return null;
  return refuseTarget(pipeline, order) ?? refuseMore(syncer, order);
}

function refuseTarget({ source, stores }: Pipeline, order: Order): string | null {
  const target = targetOf(order);
  if (target === undefined) return null;
  if (order.name === 'copy') return checkCopied(order.copy, source.tables);
  const known = childNames(Object.keys(stores));
  if ((order.name === 'rebuild' || order.name === 'parked') && target === 'capture')
    return `${order.name}: 'capture' is not a store.`;
  return known.includes(target) ? null : `${order.name}: there is no '${target}'. There are ${known.join(', ')}.`;
}

function refuseMore(syncer: Syncer, order: Order): string | null {
  const why = isStop(order) ? null : noRoomFor(syncer.state, messagesFor(syncer, order));
  return why && `${order.name}: ${why}`;
}

function obeyLate(syncer: Syncer, order: Order): void {
  const why = refuse(syncer, order);
  if (why === null) obey(syncer, order);
  else syncer.state = withSyncFault(syncer.state, { type: 'InvalidMessage', message: why }, Date.now());
}

function obey(syncer: Syncer, order: Order): void {
  if (isStop(order)) {
    syncer.state = { ...syncer.state, stopping: true };
    return;
  }
  for (const message of messagesFor(syncer, order)) {
    // Runs that began before this difference was made are replayed without it.
    const late = isLate(syncer.state, message) && patched('late-orders');
    syncer.state = (late ? toldLate : relayed)(syncer.state, message, Date.now());
  }
}

/** For the child it names, or for each. */
function messagesFor({ state }: Syncer, order: Order): readonly Relayed[] {
  const target = targetOf(order);
  const children = target === undefined ? Object.keys(state.children) : [target];
  return children.map((child) => messageFor(child, order));
}

function messageFor(child: string, order: Order): Relayed {
  switch (order.name) {
    case 'rebuild':
      return { child, name: 'rebuild', rebuild: order.rebuild };
    case 'copy':
      return { child, name: 'copy', copy: order.copy };
    case 'parked':
      return { child, name: 'parked', parked: order.parked };
    default:
      return { child, name: order.name };
  }
}

function hear(syncer: Syncer, report: Report): void {
  const name = report.child === 'capture' ? 'capture' : report.status.store;
  const { status, problem } = report.status;
  const now = Date.now();
  if (syncer.pipeline && !(name in syncer.state.children)) return;
  if (report.refuses) {
    syncer.conflict =
      `${syncer.name}: '${name}' already runs, under another configuration. Start with the same file, or stop it ` +
      `first: temporal workflow signal -w sync/${syncer.name}/${name} --name stop`;
  }
  const before = report.child === 'capture' ? syncer.capture.problem : (syncer.stores[name]?.problem ?? null);
  if (report.child === 'capture') syncer.capture = report.status;
  else syncer.stores[name] = report.status;
  syncer.state = childReported(syncer.state, name, { status, now });
  if (problem && gistOf(problem) !== (before && gistOf(before))) {
    const fault = { ...problem, message: `${name}: ${problem.message}` };
    syncer.state = withSyncFault(
      syncer.state,
      { type: fault.type, message: fault.message, ...(fault.reason === undefined ? {} : { reason: fault.reason }) },
      now,
    );
  }
  syncer.display();
}
