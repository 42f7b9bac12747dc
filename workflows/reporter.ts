import { condition, getExternalWorkflowHandle, patched } from '@temporalio/workflow';
import { syncWorkflowId } from '../model/names';
import { gistOf } from '../model/slot-risk';
import { reportSignal, type Report } from './messages';

/** Progress alone is told this often; a changed status, and what is parked, at once. A report costs five events here and four in `sync`. */
const progressEveryMs = 30_000;

export interface Reporter {
  /** Tells `sync` soon, whether or not anything has changed. */
  answer(refuses: boolean): void;
  /** Tells what is worth telling until `ended()`, and then what is left. Run it beside the workflow's own loop. */
  run(ended: () => boolean): Promise<void>;
}

/** Tells `sync/<pipeline>` how a child is. A `sync` that is gone is no failure: the child works on without it. */
export function createReporter(pipeline: string, read: () => Report): Reporter {
  // What is parked waits for a person: half a minute of silence after each order would look like an order that was lost.
  const parkedAtOnce = patched('parked-at-once');
  const current = (report: Report) => gist(report, parkedAtOnce);
  let asked: { readonly refuses: boolean } | null = null;
  let told = { key: '', progress: '', at: 0 };

  const due = () => {
    const now = current(read());
    const stale = now.progress !== told.progress && Date.now() - told.at >= progressEveryMs;
    return asked !== null || now.key !== told.key || stale;
  };
  const tell = async () => {
    const report = { ...read(), refuses: asked?.refuses ?? false };
    asked = null;
    // Before the await: a change that comes while the signal is on its way is worth another one.
    told = { ...current(report), at: Date.now() };
    try {
      await getExternalWorkflowHandle(syncWorkflowId(pipeline)).signal(reportSignal, report);
    } catch {
      // `sync` was terminated or not started yet. It asks by `adopt` when it comes.
    }
  };

  return {
    answer(refuses) {
      asked = { refuses };
    },
    async run(ended) {
      for (;;) {
        await condition(() => ended() || due());
        if (!due()) return;
        await tell();
      }
    },
  };
}

/** `key`: what is told at once. Counts of parked records move with slices, so they cost a report a slice at most. */
function gist({ status }: Report, withParked: boolean): { readonly key: string; readonly progress: string } {
  const { status: name, problem } = status;
  const build =
    'rebuild' in status
      ? [
          status.rebuild,
          status.generations.map(({ number, role, progress }) => [
            ...[number, role],
            ...(withParked && progress?.parked ? [progress.parked] : []),
          ]),
        ]
      : [];
  return { key: JSON.stringify([name, problem && gistOf(problem), build]), progress: JSON.stringify(status) };
}
