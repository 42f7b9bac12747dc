import { Client, errors, Serializer, SniffingTransport } from '@elastic/elasticsearch';
import { InvalidConfig, Unavailable } from '../../model/errors';
import { distributionOf } from './product';
import { readStatuses } from './statuses';

/** One request. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Segments of the path, not yet escaped. */
  readonly path: readonly string[];
  readonly query?: Readonly<Record<string, string | boolean>>;
  readonly body?: object;
  /** NDJSON instead of a body. */
  readonly lines?: Buffer;
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

/**
 * Speaks plain JSON and takes whoever answers. The client's own headers name a version, which OpenSearch refuses and which makes
 * Elasticsearch 9 answer as 8 did; its product check would leave OpenSearch out.
 */
class PlainTransport extends SniffingTransport {
  constructor(options: ConstructorParameters<typeof SniffingTransport>[0]) {
    const plain = { ...options };
    delete plain.productCheck;
    delete plain.vendoredHeaders;
    super(plain);
  }
}

/** Most answers are of bulks that went well, one status after the other. */
class QuickSerializer extends Serializer {
  override deserialize<Body>(json: string): Body {
    return (readStatuses(json) as Body | null) ?? super.deserialize<Body>(json);
  }
}

/** Opens no socket before the first request. The only importer of the vendor's client. */
export function connect(url: string, timeoutMs = patienceMs): Connection {
  // Retries are Temporal's: a client that sends a bulk again by itself writes after its slice was told that it failed.
  const client = new Client({
    node: nodeOf(url),
    maxRetries: 0,
    requestTimeout: timeoutMs,
    Transport: PlainTransport,
    Serializer: QuickSerializer,
    // What it takes out of its errors it looks for in the whole request, a bulk byte by byte: a server that goes away within one of
    // five megabytes takes the worker along. Nothing of its errors goes on from here.
    redaction: { type: 'off' },
  });
  let recognised = false;

  async function send(call: Call, signal?: AbortSignal): Promise<Answer & { readonly calledElasticsearch: boolean }> {
    signal?.throwIfAborted();
    try {
      const { statusCode, body, headers } = await client.transport.request(
        {
          method: call.method,
          path: `/${call.path.map(encodeURIComponent).join('/')}`,
          ...(call.query ? { querystring: call.query } : {}),
          ...(call.body ? { body: call.body } : {}),
          ...(call.lines === undefined ? {} : { bulkBody: call.lines }),
        },
        { meta: true, ...(signal ? { signal } : {}) },
      );
      return { status: statusCode, body, calledElasticsearch: headers['x-elastic-product'] === 'Elasticsearch' };
    } catch (error) {
      if (error instanceof errors.ResponseError)
        return { status: error.statusCode ?? 0, body: error.body as unknown, calledElasticsearch: false };
      signal?.throwIfAborted();
      throw withoutAnswer(error, timeoutMs);
    }
  }

  /** Whatever says yes to anything (a proxy, a web server) must not be taken for a store. OpenSearch tells only when asked. */
  async function recognise(signal?: AbortSignal): Promise<void> {
    const { status, body } = await send({ method: 'GET', path: [''] }, signal);
    // Not now: it is asked again behind the next answer.
    if (status >= 500 || status === 401 || status === 403) return;
    if (distributionOf(body) !== 'opensearch') {
      throw new InvalidConfig(
        "What answers at the store's url is neither Elasticsearch nor OpenSearch; correct the url.",
      );
    }
    recognised = true;
  }

  return {
    async ask(call, signal) {
      const { status, body, calledElasticsearch } = await send(call, signal);
      recognised ||= calledElasticsearch;
      if (!recognised && status >= 200 && status < 300) await recognise(signal);
      return { status, body };
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
  if (error instanceof errors.TimeoutError) {
    return new Unavailable(`Elasticsearch did not answer within ${timeoutMs / 1_000} s. It is tried again.`);
  }
  if (error instanceof errors.ElasticsearchClientError) {
    const code = /\bE[A-Z]{4,}\b/.exec(error.message)?.[0] ?? error.name;
    return new Unavailable(`Elasticsearch cannot be reached (${code}). It is tried again; look whether it runs.`);
  }
  return error instanceof Error ? error : new Error(String(error));
}
