import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { beating } from '../../../activities/beating';

describe('a short activity', () => {
  const newEnvironment = () => new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });

  test('tells that its worker lives for as long as it runs', async () => {
    const environment = newEnvironment();
    const beat = new Promise<void>((resolve) => environment.once('heartbeat', () => resolve()));
    // Ends only once it has been heard: without heartbeats this waits for ever.
    await environment.run(() => beating(() => beat)(undefined));
  });

  test.each([
    ['it ends', () => Promise.resolve('done')],
    ['it fails', () => Promise.reject(new Error('refused'))],
  ])('tells nothing more once %s', async (_how, work) => {
    const environment = newEnvironment();
    const cleared = jest.spyOn(global, 'clearInterval');
    const set = jest.spyOn(global, 'setInterval');
    await environment.run(() => beating(work)(undefined)).catch(() => undefined);
    expect(set).toHaveBeenCalledTimes(1);
    expect(cleared).toHaveBeenCalledWith(set.mock.results[0]?.value);
    jest.restoreAllMocks();
  });
});
