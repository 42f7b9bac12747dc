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

test('something else is a mistake of the configuration, and so is an address that is none', async () => {
  const others = ['{}', '{"version":{"distribution":"other"}}', '"yes"', 'null'];
  for (const body of others) {
    await against(
      (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(body),
      async (url) => expect(await failure(url)).toBeInstanceOf(InvalidConfig),
    );
  }
  for (const url of ['', 'localhost:9200', 'redis://hunter2@host']) {
    expect(() => connect(url)).toThrow(InvalidConfig);
    expect(() => connect(url)).not.toThrow(/hunter2/);
  }
});

describe('who speaks this protocol', () => {
  const plain = { 'content-type': 'application/json' };
  const whoIsOpenSearch = JSON.stringify({ version: { distribution: 'opensearch', number: '2.19.1' } });

  test('OpenSearch, which does not call itself anything in its headers, is asked once who it is', async () => {
    const paths: (string | undefined)[] = [];
    const listener: RequestListener = (request, response) => {
      paths.push(request.url);
      response.writeHead(200, plain).end(request.url === '/' ? whoIsOpenSearch : '{"status":"green"}');
    };
    await against(listener, async (url) => {
      const connection = connect(url);
      for (let i = 0; i < 3; i += 1) expect((await connection.ask(health)).body).toEqual({ status: 'green' });
      await connection.close();
    });
    expect(paths).toEqual(['/_cluster/health', '/', '/_cluster/health', '/_cluster/health']);
  });

  test('one that does not tell now who it is is asked again, and its answers are taken meanwhile', async () => {
    let asked = 0;
    const listener: RequestListener = (request, response) => {
      if (request.url !== '/') response.writeHead(200, plain).end('{}');
      else if ((asked += 1) === 1) response.writeHead(503, plain).end('{}');
      else response.writeHead(200, plain).end(whoIsOpenSearch);
    };
    await against(listener, async (url) => {
      const connection = connect(url);
      for (let i = 0; i < 4; i += 1) expect((await connection.ask(health)).status).toBe(200);
      await connection.close();
    });
    expect(asked).toBe(2);
  });

  test('requests are plain JSON: no version is named that one of them would refuse', async () => {
    const seen: (string | undefined)[] = [];
    const listener: RequestListener = (request, response) => {
      seen.push(request.headers['content-type'], request.headers.accept);
      response.writeHead(200, { ...plain, 'x-elastic-product': 'Elasticsearch' }).end('{}');
    };
    await against(listener, async (url) => {
      const connection = connect(url);
      await connection.ask({ method: 'POST', path: ['shop', '_bulk'], lines: Buffer.from('{}\n') });
      await connection.ask({ method: 'PUT', path: ['shop'], body: {} });
      await connection.close();
    });
    const json = 'application/json';
    expect(seen).toEqual(['application/x-ndjson', json, json, json]);
  });
});
