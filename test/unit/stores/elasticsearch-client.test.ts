import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { InvalidConfig, Unavailable } from '../../../model/errors';
import { connect } from '../../../stores/elasticsearch/client';

/** A server that treats every request as `listener` says, its address with a password in it, and a connection to it. */
async function against(listener: RequestListener, run: (url: string) => Promise<void>): Promise<void> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await run(`http://elastic:hunter2@127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
}

const health = { method: 'GET', path: ['_cluster', 'health'] } as const;

async function failure(url: string, signal?: AbortSignal, timeoutMs = 5_000): Promise<Error> {
  const connection = connect(url, timeoutMs);
  try {
    await connection.ask(health, signal);
  } catch (error) {
    expect(String(error)).not.toContain('hunter2');
    return error as Error;
  } finally {
    await connection.close();
  }
  throw new Error('resolved, but had to reject');
}

test('a server that accepts and never answers is unavailable after the time-out', async () => {
  await against(
    () => undefined,
    async (url) => {
      const error = await failure(url, undefined, 100);
      expect(error).toBeInstanceOf(Unavailable);
      expect(error.message).toContain('0.1 s');
    },
  );
});

test('a connection that is refused or cut is unavailable, and is not tried twice', async () => {
  let requests = 0;
  await against(
    (request) => {
      requests += 1;
      request.socket.destroy();
    },
    async (url) => expect(await failure(url)).toBeInstanceOf(Unavailable),
  );
  expect(requests).toBe(1);
  let closed = '';
  await against(
    () => undefined,
    async (url) => void (closed = url),
  );
  const error = await failure(closed);
  expect(error).toBeInstanceOf(Unavailable);
  expect(error.message).toContain('ECONNREFUSED');
});

test('the signal cuts a request that hangs, and refuses the next', async () => {
  const reason = new Error('cancelled');
  await against(
    () => undefined,
    async (url) => {
      const controller = new AbortController();
      const failed = failure(url, controller.signal);
      controller.abort(reason);
      expect(await failed).toBe(reason);
      expect(await failure(url, controller.signal)).toBe(reason);
    },
  );
});

test('an error status is an answer, judged by whoever asked', async () => {
  await against(
    (_, response) => {
      response.writeHead(503, { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' });
      response.end('{"error":{"type":"some_exception"}}');
    },
    async (url) => {
      const connection = connect(url);
      expect(await connection.ask(health)).toEqual({ status: 503, body: { error: { type: 'some_exception' } } });
      await connection.close();
    },
  );
});

test('something else than Elasticsearch is a mistake of the configuration, and so is an address that is none', async () => {
  await against(
    (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'),
    async (url) => expect(await failure(url)).toBeInstanceOf(InvalidConfig),
  );
  for (const url of ['', 'localhost:9200', 'redis://hunter2@host']) {
    expect(() => connect(url)).toThrow(InvalidConfig);
    expect(() => connect(url)).not.toThrow(/hunter2/);
  }
});

describe('what else speaks this protocol', () => {
  const answer =
    (body: object, headers: Readonly<Record<string, string>>): RequestListener =>
    (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify(body));
    };

  test('a server that does not call itself Elasticsearch, as OpenSearch does not, is refused as a wrong set-up', async () => {
    const opensearch = { version: { distribution: 'opensearch', number: '2.19.0' } };
    await against(answer(opensearch, {}), async (url) => {
      const error = await failure(url);
      expect(error).toBeInstanceOf(InvalidConfig);
      expect(error.message).toMatch(/not Elasticsearch/);
    });
  });

  test('bodies are sent as those of version 8, which Elasticsearch 9 is made to understand', async () => {
    const seen: (string | undefined)[] = [];
    const listener: RequestListener = (request, response) => {
      seen.push(request.headers['content-type'], request.headers.accept);
      answer({}, { 'x-elastic-product': 'Elasticsearch' })(request, response);
    };
    await against(listener, async (url) => {
      const connection = connect(url);
      await connection.ask({ method: 'POST', path: ['shop', '_bulk'], lines: '{}\n' });
      await connection.close();
    });
    expect(seen).toEqual([
      'application/vnd.elasticsearch+x-ndjson; compatible-with=8',
      'application/vnd.elasticsearch+json; compatible-with=8',
    ]);
  });
});
