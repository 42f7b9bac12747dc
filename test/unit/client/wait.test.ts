import { verdict, waitUntilReady } from '../../../client/wait';
import { Unavailable } from '../../../model/errors';
import type { StatusName } from '../../../model/status';
import { captured, lane, pipeline, store } from './samples';

function search(status: StatusName, lagSeconds = 0) {
  const generations = [{ number: 1, mappingHash: 'a', role: 'live' as const, progress: lane({ lagSeconds }) }];
  return pipeline({ stores: { search: store('search', { status, generations }) } });
}

describe('verdict', () => {
  it.each([
    ['LIVE', 0, 'ready'],
    ['LIVE', 0.4, 'ready'],
    ['LIVE', 30, 'waiting'],
    ['STARTING', 0, 'waiting'],
    ['COPYING', 0, 'waiting'],
    ['CATCHING_UP', 0, 'waiting'],
    ['REBUILDING', 0, 'waiting'],
    ['PAUSED', 0, 'waiting'],
    ['DEGRADED', 0, 'waiting'],
    ['BLOCKED', 0, 'hopeless'],
    ['STOPPED', 0, 'waiting'], // what the run before has left, until its next one answers
  ] as const)('of a store that is %s and %d s behind: %s', (status, lagSeconds, kind) => {
    expect(verdict(search(status, lagSeconds)).kind).toBe(kind);
  });

  it('of a pipeline that was stopped as a whole: hopeless', () => {
    expect(verdict({ ...search('STOPPED'), status: 'STOPPED' }).kind).toBe('hopeless');
  });

  it('names the reason when capture is blocked', () => {
    const problem = { type: 'Blocked', reason: 'slot-lost', message: 'The slot is gone.', at: 'T', count: 1 };
    const status = pipeline({ capture: { status: 'BLOCKED', progress: captured(), problem } });
    expect(verdict(status)).toEqual({
      kind: 'hopeless',
      message: 'capture of shop is BLOCKED: slot-lost. The slot is gone.',
    });
  });
});

describe('waitUntilReady', () => {
  it('goes on while no worker answers', async () => {
    const read = jest.fn().mockRejectedValueOnce(new Unavailable('nobody')).mockResolvedValue(search('LIVE'));
    await expect(waitUntilReady({ read, timeoutSeconds: 5 })).resolves.toEqual(search('LIVE'));
    expect(read).toHaveBeenCalledTimes(2);
  });

  it('ends with what was still missing', async () => {
    const read = () => Promise.resolve(search('COPYING'));
    await expect(waitUntilReady({ read, timeoutSeconds: 0.01 })).rejects.toThrow(
      /still waiting for search \(COPYING\)/,
    );
  });

  it('does not wait for what cannot come', async () => {
    const read = () => Promise.resolve(search('BLOCKED'));
    await expect(waitUntilReady({ read, timeoutSeconds: 60 })).rejects.toMatchObject({ outcome: 'failed' });
  });
});
