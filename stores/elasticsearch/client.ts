import { Client, errors } from '@elastic/elasticsearch';
import { InvalidConfig, Unavailable } from '../../model/errors';

/** One request. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Segments of the path, not yet escaped. */
  readonly path: readonly string[];
  readonly query?: Readonly<Record<string, string | boolean>>;
  readonly body?: object;
  /** NDJSON instead of a body. */
  readonly lines?: string;
}

/** Whatever the server said, errors included: a status is judged where its meaning is known. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Throws `Unavailable` when there is no answer, and the signal's reason once it is aborted. */
export type Ask = (call: Call, signal?: AbortSignal) => Promise<Answer>;

export interface Connection {
  readonly ask: Ask;
  readonly close: () => Promise<void>;
}

/** A server that accepts and never answers (a stopped process, a black hole) must not hold a slice for longer. */
const patienceMs = 12_000;

/** Opens no socket before the first request. The only importer of the vendor's client. */
export function connect(url: string, timeoutMs = patienceMs): Connection {
  // Retries are Temporal's: a client that sends a bulk again by itself writes after its slice was told that it failed.
  const client = new Client({ node: nodeOf(url), maxRetries: 0, requestTimeout: timeoutMs });
  return {
    async ask(call, signal) {
      signal?.throwIfAborted();
      try {
        const { statusCode, body } = await client.transport.request(
          {
            method: call.method,
            path: `/${call.path.map(encodeURIComponent).join('/')}`,
            ...(call.query ? { querystring: call.query } : {}),
            ...(call.body ? { body: call.body } : {}),
            ...(call.lines === undefined ? {} : { bulkBody: call.lines }),
          },
          { meta: true, ...(signal ? { signal } : {}) },
        );
        return { status: statusCode, body };
      } catch (error) {
        if (error instanceof errors.ResponseError)
          return { status: error.statusCode ?? 0, body: error.body as unknown };
        signal?.throwIfAborted();
        throw withoutAnswer(error, timeoutMs);
      }
    },
    close: () => client.close(),
  };
}

function nodeOf(url: string): string {
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url;
  throw new InvalidConfig("The store's url is not an http or https address; write it like http://host:9200.");
}

/** The vendor's messages may quote an address with its password: only what kind of failure it was goes on. */
function withoutAnswer(error: unknown, timeoutMs: number): Error {
  if (error instanceof errors.ProductNotSupportedError) {
    return new InvalidConfig("What answers at the store's url is not Elasticsearch; correct the url.");
  }
  if (error instanceof errors.TimeoutError) {
    return new Unavailable(`Elasticsearch did not answer within ${timeoutMs / 1_000} s. It is tried again.`);
  }
  if (error instanceof errors.ElasticsearchClientError) {
    const code = /\bE[A-Z]{4,}\b/.exec(error.message)?.[0] ?? error.name;
    return new Unavailable(`Elasticsearch cannot be reached (${code}). It is tried again; look whether it runs.`);
  }
  return error instanceof Error ? error : new Error(String(error));
}
