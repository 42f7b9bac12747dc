import { condition, patched } from '@temporalio/workflow';
import type { GenerationReference } from '../activities/activities';
import { usesTransforms, withoutVersions } from '../model/transform-versions';
import { breakerDelayMs } from './breaker';
import { describeFailure } from './failures';
import { looked, promoted, rebuildBegun, settled, stepDone, stepFailed } from './follow-events';
import type { Step } from './follow-orders';
import { leftovers, planned } from './follow-plan';
import { withBuild, withLane, type LaneState } from './follow-state';
import type { Follower } from './follower';
import { patient, short } from './proxies';
import { historyIsLong, whileWanted } from './running';

/**
 * Runs one step, and waits in the breaker when it fails. Every step may run again from its beginning: a worker that died
 * in the middle, or a run that continued as new, costs a repetition and nothing else (Invariant 8).
 */
export async function runStep(follower: Follower, step: Step): Promise<void> {
  const over = () => follower.state.stopping || historyIsLong(follower.state.eventLimit);
  try {
    await whileWanted(over, () => steps[step](follower));
    follower.state = stepDone(follower.state);
  } catch (error) {
    const failure = describeFailure(error);
    follower.state = stepFailed(follower.state, { step, failure, now: Date.now() });
    follower.display();
    const { failures } = follower.state.trouble;
    const seen = follower.retries;
    if (failures === 0) return;
    const ordered = follower.state.ordered;
    const wanted = () => follower.retries !== seen || follower.state.ordered !== ordered || over();
    await condition(wanted, breakerDelayMs(failures));
  }
}

const steps: Readonly<Record<Step, (follower: Follower) => Promise<void>>> = {
  begin,
  settle,
  order,
  prepare,
  look,
  promote,
  tidy,
};

/** Capture makes the log; the store says what it holds of it. */
async function begin(follower: Follower): Promise<void> {
  const { pipeline, store, definition } = follower;
  const { logId } = await patient.findLog.executeWithOptions({ summary: 'waits until capture has made the log' }, [
    { pipeline },
  ]);
  const inspection = await short.inspectStore.executeWithOptions({ summary: `looks what ${store} holds` }, [
    { pipeline, store },
  ]);
  follower.state = planned(follower.state, { logId, inspection, definition });
}

async function settle(follower: Follower): Promise<void> {
  const { pipeline, store } = follower;
  const inspection = await short.inspectStore.executeWithOptions({ summary: 'looks what readers use' }, [
    { pipeline, store },
  ]);
  follower.state = settled(follower.state, inspection);
}

/** Nothing is changed before the new definition is found right. */
async function order(follower: Follower): Promise<void> {
  const { pipeline, store } = follower;
  const { ordered } = follower.state;
  if (!ordered) return;
  const current = follower.state.live?.definition ?? follower.definition;
  // Functions may have changed since: the next generation is built with what workers have now.
  const asked = ordered.definition ?? (usesTransforms(current) ? withoutVersions(current) : null);
  const { definition } =
    asked === null
      ? { definition: current }
      : await short.checkDefinition.executeWithOptions({ summary: `checks the new definition of ${store}` }, [
          { pipeline, store, definition: asked },
        ]);
  // The log may have been replaced since: that is one reason to rebuild.
  const { logId } = await patient.findLog({ pipeline });
  // A later order has taken this one's place while it was checked: that one is checked next.
  if (follower.state.ordered !== ordered) return;
  follower.state = rebuildBegun(follower.state, { definition, logId });
}

async function prepare(follower: Follower): Promise<void> {
  const { pipeline, store } = follower;
  const { next } = follower.state;
  if (!next) return;
  const { number, definition, logId } = next;
  const { mappingHash } = await short.prepareGeneration.executeWithOptions({ summary: `creates g${number}` }, [
    { pipeline, store, number, definition, logId },
  ]);
  if (follower.state.next?.number === number) follower.state = withLane(follower.state, 'next', { mappingHash });
}

async function look(follower: Follower): Promise<void> {
  const { pipeline, store, prefix } = follower;
  const inspection = await short.inspectStore.executeWithOptions(
    { summary: 'looks how far the blocked generation came' },
    [{ pipeline, store }],
  );
  follower.state = looked(follower.state, inspection, prefix);
}

/** Invariant 7: one atomic switch, while both generations hold exactly the same part of the log. */
async function promote(follower: Follower): Promise<void> {
  const { pipeline, store } = follower;
  const { next } = follower.state;
  if (!next) return;
  // Before the await: if its answer is lost, readers may be there already.
  follower.state = withBuild(follower.state, { exposed: true });
  await short.promoteGeneration.executeWithOptions({ summary: `switches readers of ${store} to g${next.number}` }, [
    { pipeline, store, generation: referenceOf(next) },
  ]);
  follower.state = promoted(follower.state);
}

/** The store is asked what is there, so that nothing is forgotten whatever died when. */
async function tidy(follower: Follower): Promise<void> {
  const { pipeline, store } = follower;
  // Before the await: a build that is given up meanwhile makes it untidy again.
  follower.state = { ...follower.state, untidy: false };
  const inspection = await short.inspectStore.executeWithOptions({ summary: `looks for leftovers in ${store}` }, [
    { pipeline, store },
  ]);
  const dropped = leftovers(follower.state, inspection, follower.definition);
  for (const found of dropped) {
    const { number, definition, mappingHash, logId } = found;
    await short.dropGeneration.executeWithOptions({ summary: `drops g${number}, which nobody needs` }, [
      { pipeline, store, generation: { number, definition, mappingHash, logId } },
    ]);
  }
  // Behind the drop, and of whatever is not there any more: what a crash left between the two ends the next time.
  if (!patched('ends-parked')) return;
  const { live, next } = follower.state;
  const there = inspection.generations.filter(({ number }) => !dropped.some((found) => found.number === number));
  const keep = [live, next, ...there].flatMap((one) => one?.number ?? []);
  await short.endParked.executeWithOptions({ summary: 'ends what dropped generations have parked' }, [
    { pipeline, store, keep: [...new Set(keep)] },
  ]);
}

function referenceOf({ number, definition, mappingHash, logId }: LaneState): GenerationReference {
  return { number, definition, mappingHash: mappingHash ?? '', logId };
}
