import { condition, patched } from '@temporalio/workflow';
import type { Follower } from './follower';
import type { ParkedMessage } from './messages';

/** An order takes a slice's end and the begin of the next, about a second. */
const answerMs = 10_000;

/**
 * What a workflow knows of parked records is how many there are: whether a key is one of theirs the lane alone can tell. So who
 * sends an update is told what the lane found; null: it was about something, or that takes longer. The only handler that waits
 * (docs/decisions/0032): never for a lane that does not run, and never for the next run.
 */
export function parkedAnswer(follower: Follower, { action, key }: ParkedMessage): Promise<string | null> | null {
  if (action === 'accept' || key === undefined) return null;
  const id = follower.state.parkedOrders?.at(-1)?.id;
  // Runs whose updates were answered at once are replayed like that.
  return id !== undefined && patched('parked-answers') ? found(follower, id) : null;
}

async function found(follower: Follower, id: string): Promise<string | null> {
  const isDone = () => follower.state.parkedOrders?.some((order) => order.id === id) !== true;
  const isOver = () => follower.draining || follower.state.paused || follower.state.stopping;
  await condition(() => isDone() || isOver(), answerMs);
  const why = follower.unmet.get(id) ?? null;
  follower.unmet.delete(id);
  return why;
}
