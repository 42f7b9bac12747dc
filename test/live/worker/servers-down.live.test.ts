import type { StatusName } from '../../../model/status';
import { attachedStack } from '../../support/project';
import { expectEqual, settle, untilLive } from '../../support/settle';
import { waitFor } from '../../support/wait';
import { expectOrderlyEnd, openWatchedPipeline, type WatchedPipeline } from './watched-pipeline';

jest.setTimeout(1_200_000);

const { servers } = attachedStack();
let pipeline: WatchedPipeline;

/** Nothing is lost by it: the next worker makes everything equal. */
async function expectWhole(): Promise<void> {
  const { scenario } = pipeline;
  await pipeline.working();
  await untilLive(scenario, 180);
  await settle(scenario, 120);
  await expectEqual(scenario);
}

beforeAll(async () => {
  pipeline = await openWatchedPipeline({ recordVersions: false });
});
afterEach(() => pipeline.endWorkers());
afterAll(async () => {
  for (const part of ['temporal', 'kafka'] as const) await servers[part].start();
  await pipeline.scenario.close();
});

it('Kafka is down: DEGRADED, and SIGTERM ends the worker in order', async () => {
  const { scenario } = pipeline;
  const worker = await pipeline.working();
  await settle(scenario, 60);
  await servers.kafka.kill();
  await scenario.source.query(`insert into entries values (-601, 1, 1, 'fee', 'meanwhile')`);
  await waitFor({
    what: 'capture and both stores to be DEGRADED',
    seconds: 120,
    everyMs: 200,
    look: async () => {
      const { capture, stores } = await scenario.status();
      return [capture.status, ...Object.values(stores).map(({ status }) => status)];
    },
    until: (statuses: StatusName[]) => statuses.every((status) => status === 'DEGRADED'),
    evidence: worker.evidence,
  });
  expect((await worker.get('/readyz'))?.status).toBe(200);
  await expectOrderlyEnd(worker);
  await servers.kafka.start();
  await expectWhole();
});

it('Temporal is down: not ready, ready again when it is back; SIGTERM meanwhile ends the worker in order', async () => {
  const { scenario } = pipeline;
  const worker = await pipeline.working();
  await settle(scenario, 60);
  await servers.temporal.kill();
  const until = (what: string, status: number) =>
    waitFor({
      what,
      seconds: 90,
      everyMs: 200,
      look: async () => (await worker.get('/readyz'))?.status,
      until: (seen) => seen === status,
      evidence: worker.evidence,
    });
  await until('503', 503);
  expect((await worker.get('/livez'))?.status).toBe(200);
  await servers.temporal.start();
  await until('200 again', 200);
  await settle(scenario, 90);
  await servers.temporal.kill();
  await until('503', 503);
  await expectOrderlyEnd(worker);
  await servers.temporal.start();
  await expectWhole();
});
