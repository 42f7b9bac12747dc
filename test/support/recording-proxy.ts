import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import type { AcceptedVersion } from './accepted-versions';

interface LoggedItem extends AcceptedVersion {
  readonly order: readonly [number, number];
}

interface BulkAnswer {
  readonly items?: readonly Record<
    string,
    { _index: string; _id: string; status: number; _seq_no?: number; _primary_term?: number }
  >[];
}

/**
 * Stands before Elasticsearch and records what every bulk request was answered, item by item. The order is the shard's
 * own (`_seq_no`): that of two requests under way at once cannot be known from outside.
 */
export interface RecordingProxy {
  readonly url: string;
  /** Accepted items, in the order each index accepted them. */
  versions(): AcceptedVersion[];
  /** How many items were answered with each status. */
  statuses(): ReadonlyMap<number, number>;
  /** Bulk requests that wait because of `holdBulk`. */
  readonly held: number;
  /** From now on bulk requests wait here, unsent, until the returned function is called. */
  holdBulk(): () => void;
  /** Connections are refused, as by a server that is down. */
  goDown(): Promise<void>;
  comeUp(): Promise<void>;
  close(): Promise<void>;
}

export async function openRecordingProxy(upstream: string): Promise<RecordingProxy> {
  const items: LoggedItem[] = [];
  const statuses = new Map<number, number>();
  let gate: Promise<void> | null = null;
  let held = 0;

  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const body = await readAll(incoming);
    const isBulk = incoming.url?.includes('_bulk') === true;
    if (isBulk && gate) {
      held += 1;
      await gate;
      held -= 1;
    }
    const { status, headers, content } = await forward(upstream, incoming, body);
    if (isBulk && status < 300)
      record(incoming.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body, content);
    outgoing.writeHead(status, headers);
    outgoing.end(content);
  };

  const record = (body: Buffer, content: Buffer) => {
    const sources = parseBulk(body);
    const answer = JSON.parse(content.toString('utf8')) as BulkAnswer;
    answer.items?.forEach((item, at) => {
      for (const [action, result] of Object.entries(item)) {
        statuses.set(result.status, (statuses.get(result.status) ?? 0) + 1);
        // A delete of what is not there is answered 404 and still takes a sequence number; a refused item takes none.
        if (result._seq_no === undefined || result._seq_no < 0) continue;
        const source = sources[at];
        if (result.status >= 300 || (action !== 'delete' && source?.['revision'] === undefined)) continue;
        const slash = result._id.indexOf('/');
        items.push({
          generation: result._index,
          target: result._id.slice(0, slash),
          key: result._id.slice(slash + 1),
          revision: action === 'delete' ? null : Number(source?.['revision']),
          order: [result._primary_term ?? 0, result._seq_no],
        });
      }
    });
  };

  const server = createServer((incoming, outgoing) => {
    handle(incoming, outgoing).catch((error: unknown) => {
      // The client sees what it would see of a server that broke off, and mostly one did. Anything else is our own fault.
      if (!(error instanceof Error && 'code' in error)) process.stderr.write(`recording proxy: ${String(error)}\n`);
      outgoing.destroy();
    });
  });
  // As the real server does: a client that was stopped for a while must find its connection open when it wakes.
  server.keepAliveTimeout = 0;
  await listen(server, 0);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    versions: () =>
      [...items].sort(byOrder).map(({ generation, target, key, revision }) => ({ generation, target, key, revision })),
    statuses: () => statuses,
    get held() {
      return held;
    },
    holdBulk() {
      let open: () => void = () => undefined;
      gate = new Promise((resolve) => {
        open = resolve;
      });
      return () => {
        gate = null;
        open();
      };
    },
    goDown: () => closeServer(server),
    comeUp: () => listen(server, port),
    close: () => closeServer(server),
  };
}

function byOrder(left: LoggedItem, right: LoggedItem): number {
  return left.order[0] - right.order[0] || left.order[1] - right.order[1];
}

/** The source line of each action; null for a delete. */
function parseBulk(body: Buffer): (Record<string, unknown> | null)[] {
  const lines = body.toString('utf8').split('\n');
  const sources: (Record<string, unknown> | null)[] = [];
  for (let at = 0; at < lines.length && lines[at] !== ''; at += 1) {
    const action = JSON.parse(lines[at] ?? '{}') as Record<string, unknown>;
    if ('delete' in action) sources.push(null);
    else sources.push(JSON.parse(lines[(at += 1)] ?? '{}') as Record<string, unknown>);
  }
  return sources;
}

function forward(
  upstream: string,
  incoming: IncomingMessage,
  body: Buffer,
): Promise<{ status: number; headers: IncomingMessage['headers']; content: Buffer }> {
  return new Promise((resolve, reject) => {
    const target = new URL(incoming.url ?? '/', upstream);
    // What our client leaves out of an answer is what is recorded here; it gets the whole of it.
    target.searchParams.delete('filter_path');
    const headers: Record<string, string | string[] | undefined> = { ...incoming.headers, host: target.host };
    delete headers['transfer-encoding'];
    delete headers['accept-encoding']; // answers are read here
    delete headers['connection'];
    headers['content-length'] = String(body.length);
    const outgoing = request(target, { method: incoming.method ?? 'GET', headers }, (answer) => {
      readAll(answer).then((content) => {
        const rest = { ...answer.headers };
        delete rest['transfer-encoding'];
        delete rest.connection;
        resolve({ status: answer.statusCode ?? 502, headers: rest, content });
      }, reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

async function readAll(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
