import { ServiceError, WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import { outcomeOf } from '../../../client/outcome';
import { translated } from '../../../client/translate';

function grpc(code: number): ServiceError {
  const cause = Object.assign(new Error('from the wire'), { code, details: '', metadata: {} });
  return new ServiceError('Failed to query Workflow', { cause });
}

describe('translated', () => {
  it.each([
    [
      'a workflow that is not there',
      new WorkflowNotFoundError('', 'sync/shop', undefined),
      'notFound',
      /slipstream start/,
    ],
    [
      'a workflow that is there already',
      new WorkflowExecutionAlreadyStartedError('', 'sync/shop', 'sync'),
      'alreadyRuns',
      /slipstream status shop/,
    ],
    ['our deadline', grpc(4), 'unreachable', /task queue slipstream.*npm run worker/],
    ['our deadline, seen as a cancelled call', grpc(1), 'unreachable', /npm run worker/],
    ['a task queue nobody polls', grpc(9), 'unreachable', /npm run worker/],
    ['a server that went away', grpc(14), 'unreachable', /TEMPORAL_ADDRESS/],
  ] as const)('%s: %#', (_, error, outcome, message) => {
    const result = translated(error, 'shop', 'slipstream');
    expect(outcomeOf(result)).toBe(outcome);
    expect((result as Error).message).toMatch(message);
  });

  it('hands on what it does not know', () => {
    const error = grpc(7);
    expect(translated(error, 'shop', 'slipstream')).toBe(error);
  });
});
