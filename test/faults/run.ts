import { clientsInTurn, type KafkaClients } from '../support/clients';
import { seeded } from '../support/random';
import { openScenario, type Scenario } from '../support/scenario';
import { settle, untilLive } from '../support/settle';
import { runWorkload } from '../support/workload';
import { interruptCopy, perform } from './perform';
import { describeFault, isOfCopy, planFaults, type Points } from './plan';
import { judgeRun, type Verdict } from './verdict';

export interface RunOptions {
  readonly seed: number;
  readonly changes: number;
  readonly changesPerSecond: number;
  readonly points: Points;
  /** What workers write to Kafka and read from it with; what is not said is each kind in turn. */
  readonly clients: Partial<KafkaClients>;
  readonly report: (line: string) => void;
}

/** One pipeline, its faults one after the other while changes flow, and the verdict. */
export async function runOnce({
  seed,
  changes,
  changesPerSecond,
  points,
  clients,
  report,
}: RunOptions): Promise<Verdict> {
  const plan = planFaults(seed, points);
  const scenario = await openScenario({
    ...{ chunkRows: 100, stores: ['replica', 'search', 'cache'] },
    clients: clientsInTurn(seed).map((inTurn) => ({ ...inTurn, ...clients })),
  });
  try {
    const numbered = plan.map((fault, at) => ({ fault, at }));
    for (const { fault, at } of numbered.filter((one) => isOfCopy(one.fault))) {
      report(describeFault(fault));
      await interruptCopy(scenario, fault, at);
    }
    const fresh = scenario.workers.length === 0;
    await scenario.startWorker();
    if (fresh) await scenario.startSync();
    await untilLive(scenario, 180);
    await underChanges(scenario, { seed, changes, changesPerSecond }, async () => {
      for (const { fault, at } of numbered.filter((one) => !isOfCopy(one.fault))) {
        report(describeFault(fault));
        await perform(scenario, fault, at);
      }
    });
    await settle(scenario, 300);
    await untilLive(scenario, 120);
    return await judgeRun(scenario);
  } finally {
    await scenario.close();
  }
}

/** Writers go on until all faults are done and the changes are written, whichever is later. */
async function underChanges(
  scenario: Scenario,
  { seed, changes, changesPerSecond }: { seed: number; changes: number; changesPerSecond: number },
  during: () => Promise<void>,
): Promise<void> {
  const ended = new AbortController();
  let faultsDone = false;
  let written = 0;
  const endWhenBoth = () => {
    if (faultsDone && written >= changes) ended.abort();
  };
  const writing = runWorkload({
    ...{ source: scenario.source, seed: seeded(seed).between(0, 1e9), changes: Number.MAX_SAFE_INTEGER },
    ...{ changesPerSecond, largest: Math.max(50, Math.min(10_000, changes / 5)), signal: ended.signal },
    onProgress(soFar) {
      written = soFar;
      endWhenBoth();
    },
  });
  try {
    await during();
    faultsDone = true;
    endWhenBoth();
  } catch (error) {
    ended.abort();
    throw error;
  } finally {
    await writing;
  }
}
