import { WorkflowFailedError, type Client } from '@temporalio/client';
import { ApplicationFailure, RetryState } from '@temporalio/common';
import { refuseFailed } from '../../../client/failed-start';

function clientWhere(status: string, cause: Error): Client {
  const handle = {
    describe: () => Promise.resolve({ status: { name: status } }),
    result: () => Promise.reject(new WorkflowFailedError('failed', cause, RetryState.NON_RETRYABLE_FAILURE)),
  };
  return { workflow: { getHandle: () => handle } } as unknown as Client;
}

const refused = ApplicationFailure.nonRetryable('source: no such column', 'InvalidConfig');

it.each([
  [refused, 'invalidConfig', /sync\/shop has failed.*source: no such column/],
  [ApplicationFailure.nonRetryable('a bug of ours', 'TypeError'), 'failed', /a bug of ours/],
])('a workflow that failed with %s is told as %s', async (cause, outcome, message) => {
  const asked = refuseFailed(clientWhere('FAILED', cause), 'sync/shop');
  await expect(asked).rejects.toMatchObject({ outcome, message: expect.stringMatching(message) as string });
});

it.each(['RUNNING', 'COMPLETED', 'TERMINATED'])('one that is %s is not', async (status) => {
  await expect(refuseFailed(clientWhere(status, refused), 'sync/shop')).resolves.toBeUndefined();
});
