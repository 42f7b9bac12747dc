import { createServer, type AddressInfo } from 'node:net';
import { openScenario, type Scenario } from '../../support/scenario';
import { waitFor } from '../../support/wait';
import { endWatched, startWatched, type WatchedWorker } from './watched-worker';

jest.setTimeout(900_000);

const program = 'test/live/worker/ill-worker.js';

/** Runs a pipeline on a worker with one thing wrong. */
async function onIllWorker(
  environment: Record<string, string>,
  check: (worker: WatchedWorker, scenario: Scenario) => Promise<void>,
): Promise<void> {
  const scenario = await openScenario({ recordVersions: false, stores: ['replica'] });
  const worker = startWatched({ environment: { ...scenario.environment, ...environment }, program });
  try {
    await worker.line('worker is polling', 90);
    await scenario.startSync();
    await check(worker, scenario);
  } finally {
    await endWatched(worker);
    await scenario.close();
  }
}

it('a slice that does not end: not ready while it is waited for, then exit code 6 with what hung, whatever is sent', () =>
  onIllWorker(
    { ILLNESS: 'a store that never answers', SLIPSTREAM_SHUTDOWN_SECONDS: '10' },
    async (worker, scenario) => {
      await worker.line('the store has been handed a batch', 90);
      worker.signal('SIGTERM');
      await worker.line('worker is ending', 30);
      const ready = await worker.get('/readyz');
      expect(ready).toMatchObject({ status: 503 });
      expect(JSON.parse(ready?.text ?? '')).toMatchObject({ ready: false, state: 'ending' });
      expect((await worker.get('/livez'))?.status).toBe(200);
      worker.signal('SIGTERM');
      await worker.line('worker is ending already', 30);
      expect(await worker.exit(60)).toBe(6);
      const last = worker.lines.at(-1);
      expect(last).toMatchObject({ level: 'error', message: 'worker did not end within 10 s' });
      expect(JSON.stringify(last?.['waitingFor'])).toContain(`followSlice of ${scenario.name}/replica`);
    },
  ));

it.each([
  ['an error nobody catches', 'thrown where nobody catches it'],
  ['a rejection nobody handles', 'rejected where nobody handles it'],
])('%s ends the process at once, with exit code 1 and a last line', (illness, message) =>
  onIllWorker({ ILLNESS: illness }, async (worker) => {
    expect(await worker.exit(90)).toBe(1);
    expect(worker.lines.at(-1)).toMatchObject({ level: 'error', message: 'worker failed', error: { message } });
  }),
);

it("what kills Temporal's SDK from inside leaves no worker that is half alive: exit code 1, and why", () =>
  onIllWorker({ ILLNESS: 'a dead workflow thread' }, async (worker) => {
    expect(await worker.exit(120)).toBe(1);
    await worker.line("a worker of Temporal's SDK has failed; the others end", 1);
    expect(worker.lines.at(-1)).toMatchObject({ level: 'error', message: 'worker failed' });
  }));

it('wrong settings: every problem at once and exit code 3, before anything is connected', async () => {
  let connections = 0;
  const server = createServer(() => (connections += 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const environment = { TEMPORAL_ADDRESS: address, KAFKA_BROKERS: address };
  const wrong = startWatched({ environment: { ...environment, SLIPSTREAM_LANES: 'x', SLIPSTREAM_LOG_LEVEL: 'loud' } });
  let right: WatchedWorker | null = null;
  try {
    expect(await wrong.exit(60)).toBe(3);
    expect(wrong.lines).toHaveLength(1);
    expect(wrong.lines[0]).toMatchObject({
      level: 'error',
      message: 'worker failed',
      error: { type: 'InvalidConfig' },
    });
    for (const name of ['SLIPSTREAM_LANES', 'SLIPSTREAM_LOG_LEVEL']) expect(wrong.evidence()).toContain(name);
    expect(connections).toBe(0);
    // Control: the same place is connected to once the settings are right.
    right = startWatched({ environment });
    await waitFor({
      what: 'the right one to connect',
      seconds: 60,
      look: () => Promise.resolve(connections),
      until: (seen) => seen > 0,
      evidence: right.evidence,
    });
  } finally {
    await Promise.all([wrong, right].map(endWatched));
    server.close();
  }
});

it('a namespace that does not exist is a wrong setting, and says how to make it', async () => {
  const scenario = await openScenario({ recordVersions: false, stores: ['replica'] });
  const worker = startWatched({ environment: { ...scenario.environment, TEMPORAL_NAMESPACE: 'nowhere' } });
  try {
    expect(await worker.exit(60)).toBe(3);
    expect(worker.lines.at(-1)).toMatchObject({ error: { type: 'InvalidConfig' } });
    expect(worker.evidence()).toContain('temporal operator namespace create -n nowhere');
  } finally {
    await endWatched(worker);
    await scenario.close();
  }
});
