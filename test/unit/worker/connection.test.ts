import type { NativeConnection } from '@temporalio/worker';
import { parseSettings } from '../../../model/settings';
import { checkNamespace, connectTemporal } from '../../../worker/connection';

const settings = parseSettings({ TEMPORAL_ADDRESS: 'temporal:7233', TEMPORAL_NAMESPACE: 'sales' });
const connection = {} as NativeConnection;

function waiting(answersAt: number, pause?: (signal: AbortSignal) => Promise<unknown>) {
  const lines: string[] = [];
  const ending = new AbortController();
  let tries = 0;
  const connected = connectTemporal({
    settings,
    log: (level, message) => void lines.push(`${level} ${message}`),
    signal: ending.signal,
    connect: (address) => {
      tries += 1;
      expect(address).toBe('temporal:7233');
      return tries < answersAt ? Promise.reject(new Error('refused')) : Promise.resolve(connection);
    },
    pause: pause ?? (() => Promise.resolve()),
  });
  return { connected, lines, ending, tries: () => tries };
}

it('it is tried until Temporal answers, and said now and then, not each time', async () => {
  const { connected, lines, tries } = waiting(62);
  expect(await connected).toBe(connection);
  expect(tries()).toBe(62);
  expect(lines).toHaveLength(3);
  expect(lines[0]).toMatch(/^warn Temporal does not answer at temporal:7233; waiting for it\..*TEMPORAL_ADDRESS/);
});

it('whoever is told to end while it waits stops at once', async () => {
  const world = waiting(Infinity, async () => world.ending.abort(new Error('told to end')));
  await expect(world.connected).rejects.toThrow('told to end');
  expect(world.tries()).toBe(1);
});

const answering = (error: Error | null) =>
  ({
    workflowService: {
      describeNamespace: ({ namespace }: { namespace: string }) =>
        error && namespace === 'sales' ? Promise.reject(error) : Promise.resolve({}),
    },
  }) as unknown as NativeConnection;

it('a namespace that is missing is a wrong setting; another failure is not taken for that', async () => {
  await checkNamespace(answering(null), settings);
  await expect(checkNamespace(answering(Object.assign(new Error('x'), { code: 5 })), settings)).rejects.toMatchObject({
    name: 'InvalidConfig',
    message: expect.stringMatching(/no namespace 'sales'.*create -n sales.*TEMPORAL_NAMESPACE/s) as string,
  });
  const denied = Object.assign(new Error('denied'), { code: 7 });
  await expect(checkNamespace(answering(denied), settings)).rejects.toBe(denied);
});
