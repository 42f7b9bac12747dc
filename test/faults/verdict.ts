import { judge } from '../support/accepted-versions';
import { describeDifferences } from '../support/differences';
import { readLedger } from '../support/ledger';
import { checkLog, versionsOnLog } from '../support/log-check';
import { readLog } from '../support/log-contents';
import { replicaVersions } from '../support/replica-recorder';
import type { Scenario } from '../support/scenario';
import { differencesOf, type StoreExpectations } from '../support/settle';

/** What a run came to. All zero is the promise. */
export interface Verdict {
  /** Changes committed at the source. */
  readonly changes: number;
  /** Committed and not on the log, or not in a store. */
  readonly lost: number;
  /** Different, too much, never committed, out of order, or gone back in time. */
  readonly wrong: number;
  /** Twice on the log, or applied twice in PostgreSQL. */
  readonly repeated: number;
  /** The first few of each, for people. */
  readonly examples: readonly string[];
}

export interface JudgeOptions {
  readonly expectations?: StoreExpectations;
  /** Targets of tables that were copied again: their rows came once more, by intent. */
  readonly copiedAgain?: readonly string[];
}

/** Looks at everything: source, log and stores. Call when the writers rest and the last row has come through. */
export async function judgeRun(scenario: Scenario, options: JudgeOptions = {}): Promise<Verdict> {
  const { expectations, copiedAgain = [] } = options;
  const differences = await differencesOf(scenario, expectations);
  const log = await readLog(scenario.kafka, scenario.topics);
  const ledger = await readLedger(scenario.source);
  const check = checkLog(log, ledger);
  const inReplica = judge(await replicaVersions(scenario.replica));
  const backInTime = [
    ...inReplica.backInTime,
    ...judge(scenario.elasticsearch.versions()).backInTime,
    ...judge(versionsOnLog(log)).backInTime,
  ];
  const repeated = inReplica.repeated.filter(({ target }) => !copiedAgain.includes(target));
  const missing = differences.filter(({ kind }) => kind === 'missing in the store');
  const first = (title: string, items: readonly string[]) => items.slice(0, 5).map((item) => `${title}: ${item}`);
  return {
    changes: ledger.length,
    lost: check.lost.length + missing.length,
    wrong: differences.length - missing.length + check.aborted.length + check.disordered.length + backInTime.length,
    repeated: check.repeated.length + repeated.length,
    examples: [
      ...(differences.length > 0 ? [describeDifferences(differences)] : []),
      ...first('not on the log', check.lost),
      ...first('twice on the log', check.repeated),
      ...first('never committed', check.aborted),
      ...first('out of order', check.disordered),
      ...first(
        'back in time',
        backInTime.map((version) => JSON.stringify(version)),
      ),
      ...first(
        'applied twice',
        repeated.map((version) => JSON.stringify(version)),
      ),
    ],
  };
}
