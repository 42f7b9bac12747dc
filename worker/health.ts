import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { InvalidConfig } from '../model/errors';

/** How far a worker is in its life. */
export type WorkerState = 'starting' | 'polling' | 'ending' | 'failed';

export interface Readiness {
  readonly ready: boolean;
  readonly state: WorkerState;
  /** What is missing; for people. */
  readonly waitingFor: readonly string[];
}

export interface Health {
  readonly state: () => WorkerState;
  readonly readiness: () => Promise<Readiness>;
  /** Prometheus' text format. */
  readonly metrics: () => Promise<string>;
}

export interface HealthServer {
  /** The one that was given, or the free one that was taken for 0. */
  readonly port: number;
  close(): void;
}

interface Answer {
  readonly status: number;
  readonly type?: string;
  readonly body: string;
}

const prometheusText = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * `/livez`: this process turns its event loop and has not failed; a supervisor restarts one that does not answer 200.
 * `/readyz`: 200 while Temporal sees it polling all of its task queues. `/metrics`: ours and Temporal's, one scrape.
 * Throws `InvalidConfig` when the port cannot be opened.
 */
export async function serveHealth(address: { host: string; port: number }, health: Health): Promise<HealthServer> {
  const server = createServer((request, response) => {
    answer(request, health).then(
      (found) => send(response, found),
      (error: unknown) =>
        send(response, { status: 500, body: `${error instanceof Error ? error.message : 'failed'}\n` }),
    );
  });
  await listen(server, address);
  const bound = server.address();
  return {
    port: bound && typeof bound === 'object' ? bound.port : address.port,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function answer({ method, url = '/' }: IncomingMessage, health: Health): Promise<Answer> {
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, body: 'GET and HEAD only\n' };
  switch (url.split('?', 1)[0]) {
    case '/livez': {
      const state = health.state();
      return json(state === 'failed' ? 500 : 200, { state });
    }
    case '/readyz': {
      const readiness = await health.readiness();
      return json(readiness.ready ? 200 : 503, readiness);
    }
    case '/metrics':
      return { status: 200, type: prometheusText, body: await health.metrics() };
    default:
      return { status: 404, body: 'There are /livez, /readyz and /metrics.\n' };
  }
}

function json(status: number, value: object): Answer {
  return { status, type: 'application/json', body: `${JSON.stringify(value)}\n` };
}

function send(response: ServerResponse, { status, type = 'text/plain; charset=utf-8', body }: Answer): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

function listen(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new InvalidConfig(
          `The port for /livez, /readyz and /metrics cannot be opened at ${host}:${port} (${error.code ?? 'unknown'}). ` +
            'Set SLIPSTREAM_HTTP_PORT and SLIPSTREAM_HTTP_HOST to what is free here, or unset the port.',
        ),
      ),
    );
    server.listen(port, host, resolve);
  });
}
