import { serveHealth, type HealthServer, type Readiness, type WorkerState } from '../../../worker/health';

let server: HealthServer | null = null;
afterAll(() => server?.close());

let state: WorkerState = 'starting';
let readiness: Readiness = { ready: false, state: 'starting', waitingFor: ['Temporal'] };

async function ask(path: string, method = 'GET') {
  server ??= await serveHealth(
    { host: '127.0.0.1', port: 0 },
    {
      state: () => state,
      readiness: () => Promise.resolve(readiness),
      metrics: () => (state === 'failed' ? Promise.reject(new Error('no registry')) : Promise.resolve('up 1\n')),
    },
  );
  const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, { method, headers: { connection: 'close' } });
  return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() };
}

it.each<[WorkerState, number]>([
  ['starting', 200],
  ['polling', 200],
  ['ending', 200],
  ['failed', 500],
])('a worker that is %s: /livez answers %d', async (now, status) => {
  state = now;
  expect(await ask('/livez')).toMatchObject({ status, text: `${JSON.stringify({ state: now })}\n` });
});

it('/readyz answers 503 with what is missing, and 200 when nothing is', async () => {
  state = 'polling';
  expect(await ask('/readyz')).toMatchObject({ status: 503, text: `${JSON.stringify(readiness)}\n` });
  readiness = { ready: true, state: 'polling', waitingFor: [] };
  expect(await ask('/readyz')).toMatchObject({ status: 200 });
});

it('/metrics speaks Prometheus’ text format; a failure is said and ends nothing', async () => {
  expect(await ask('/metrics?x=1')).toEqual({
    status: 200,
    type: 'text/plain; version=0.0.4; charset=utf-8',
    text: 'up 1\n',
  });
  state = 'failed';
  expect(await ask('/metrics')).toMatchObject({ status: 500 });
  expect(await ask('/readyz')).toMatchObject({ status: 200 });
});

it('anything else is refused with what there is', async () => {
  expect(await ask('/')).toMatchObject({ status: 404, text: 'There are /livez, /readyz and /metrics.\n' });
  expect(await ask('/livez', 'POST')).toMatchObject({ status: 405 });
  state = 'polling';
  expect(await ask('/livez', 'HEAD')).toMatchObject({ status: 200, text: '' });
});

it('a port that is taken is a wrong setting, and says which', async () => {
  await ask('/livez');
  const taken = server?.port ?? 0;
  await expect(
    serveHealth(
      { host: '127.0.0.1', port: taken },
      { state: () => state, readiness: () => Promise.resolve(readiness), metrics: () => Promise.resolve('') },
    ),
  ).rejects.toMatchObject({
    name: 'InvalidConfig',
    message: expect.stringContaining('SLIPSTREAM_HTTP_PORT') as string,
  });
});
