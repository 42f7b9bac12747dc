import {
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { outcomeOf } from '../../../../client/outcome';
import { sendParked } from '../../../../client/parked/send';

const skip = { store: 'search', action: 'skip', key: '0c5f6b2a91de', offset: '42' } as const;

/** A server whose answer to the update is given. */
function serverThat(answers: () => Promise<unknown>) {
  const signals: unknown[] = [];
  const updates: unknown[] = [];
  const client = {
    withDeadline: (_deadline: number, call: () => Promise<unknown>) => call(),
    workflow: {
      getHandle: (id: string) => ({
        executeUpdate: (update: { name: string }, { args }: { args: unknown[] }) => {
          updates.push([id, update.name, ...args]);
          return answers();
        },
        signal: async (signal: { name: string }, ...args: unknown[]) => void signals.push([id, signal.name, ...args]),
      }),
    },
  } as unknown as Client;
  return { client, signals, updates };
}

test('an order is an update of the store’s own workflow', async () => {
  const { client, signals, updates } = serverThat(async () => ({}));
  await sendParked(client, 'shop', skip);
  expect({ signals, updates }).toEqual({ signals: [], updates: [['sync/shop/search', 'parked', skip]] });
});

test('a store that does not run is told by sync once it does', async () => {
  const { client, signals } = serverThat(() =>
    Promise.reject(new WorkflowNotFoundError('gone', 'sync/shop/search', undefined)),
  );
  await sendParked(client, 'shop', skip);
  expect(signals).toEqual([['sync/shop', 'parked', skip]]);
});

test.each<[string, Error, string, RegExp]>([
  ['a key that is not parked', ApplicationFailure.nonRetryable('no record', 'NotParked'), 'notFound', /no record/],
  ['an order that is refused', ApplicationFailure.nonRetryable('20 wait', 'InvalidMessage'), 'failed', /20 wait/],
])('%s has an exit code of its own, and is not sent again', async (_what, cause, outcome, why) => {
  const { client, signals } = serverThat(() => Promise.reject(new WorkflowUpdateFailedError('update failed', cause)));
  const error: unknown = await sendParked(client, 'shop', skip).catch((reason: unknown) => reason);
  expect(outcomeOf(error)).toBe(outcome);
  expect((error as Error).message).toMatch(why);
  expect(signals).toEqual([]);
});

test('without a worker it says so', async () => {
  const { client, signals } = serverThat(() => Promise.reject(new WorkflowUpdateRPCTimeoutOrCancelledError('late')));
  const error: unknown = await sendParked(client, 'shop', skip).catch((reason: unknown) => reason);
  expect(outcomeOf(error)).toBe('unreachable');
  expect(signals).toEqual([]);
});
