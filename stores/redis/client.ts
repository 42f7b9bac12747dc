import { createHash } from 'node:crypto';
import { Redis } from 'ioredis';
import { InvalidConfig, Unavailable } from '../../model/errors';
import { refusal, refusedBy } from './answers';

export type Reply = string | number | null | readonly Reply[];

/** A Lua text and the name that errors call it by. */
export interface Script {
  readonly name: string;
  readonly text: string;
}

export interface ScriptCall {
  readonly keys: readonly string[];
  readonly args: readonly (string | number)[];
}

export interface Connection {
  /** One command. Throws `Unavailable` or `InvalidConfig`, and the signal's reason once it is aborted. */
  readonly ask: (command: readonly [string, ...(string | number)[]], signal?: AbortSignal) => Promise<Reply>;
  /** Runs a script by its digest; one that the server does not know yet (or any more) is sent whole. */
  readonly run: (script: Script, call: ScriptCall, signal?: AbortSignal) => Promise<Reply>;
  readonly close: () => Promise<void>;
}

/** A server that accepts and never answers (a stopped process, a black hole) must not hold a slice for longer. */
const patienceMs = 12_000;

/** Opens no socket before the first command. The only importer of the vendor's client. Throws `InvalidConfig` for a url that is none. */
export function connect(url: string, timeoutMs = patienceMs): Connection {
  checkUrl(url);
  let current: Promise<Redis> | null = null;

  const forget = (client: Promise<Redis>) => {
    if (current === client) current = null;
    void client.then(
      (opened) => opened.disconnect(),
      () => undefined,
    );
  };

  /** One that could not be opened is not kept: the next command tries anew. */
  const begin = () => {
    const client = open(url, timeoutMs);
    client.catch(() => forget(client));
    return client;
  };

  const ask: Connection['ask'] = async ([command, ...args], signal) => {
    signal?.throwIfAborted();
    const client = (current ??= begin());
    try {
      return await within({ timeoutMs, signal }, client.then((opened) => opened.call(command, args)) as Promise<Reply>);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof Error && error.name === 'ReplyError') throw refusal(error.message);
      // What became of the command is not known: nobody else may get its answer, nor it a second life.
      forget(client);
      throw withoutAnswer(error, timeoutMs);
    } finally {
      if (signal?.aborted === true) forget(client);
    }
  };

  return {
    ask,
    async run({ text }, { keys, args }, signal) {
      const rest = [keys.length, ...keys, ...args] as const;
      try {
        return await ask(['EVALSHA', digestOf(text), ...rest], signal);
      } catch (error) {
        // Refused before it began, so nothing is done twice.
        if (refusedBy(error) !== 'NOSCRIPT') throw error;
        return ask(['EVAL', text, ...rest], signal);
      }
    },
    async close() {
      if (current) forget(current);
    },
  };
}

const digests = new Map<string, string>();

function digestOf(text: string): string {
  const known = digests.get(text);
  if (known !== undefined) return known;
  const digest = createHash('sha1').update(text).digest('hex');
  digests.set(text, digest);
  return digest;
}

/** Retries are Temporal's: a client that sends a command again by itself writes after its slice was told that it failed. */
function optionsOf(timeoutMs: number) {
  return {
    lazyConnect: true,
    connectTimeout: timeoutMs,
    retryStrategy: () => null,
    reconnectOnError: () => false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    // It would ask INFO, which a user may not be allowed; a server that is loading says so to every command.
    enableReadyCheck: false,
    disableClientInfo: true,
  };
}

async function open(url: string, timeoutMs: number): Promise<Redis> {
  const client = new Redis(url, optionsOf(timeoutMs));
  // A password that is refused is told here, and the command only learns that the connection is closed.
  let refused: unknown;
  client.on('error', (error) => (refused ??= error));
  try {
    await client.connect();
    return client;
  } catch (error) {
    client.disconnect();
    throw refused ?? error;
  }
}

async function within<Result>(
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal | undefined },
  work: Promise<Result>,
): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  const given = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TimedOut()), timeoutMs);
    onAbort = () => reject(new TimedOut());
    signal?.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, given]);
  } finally {
    clearTimeout(timer);
    if (onAbort) signal?.removeEventListener('abort', onAbort);
    // Whichever lost the race has nobody who waits for it.
    work.catch(() => undefined);
  }
}

class TimedOut extends Error {}

function checkUrl(url: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed && /^rediss?:$/.test(parsed.protocol) && parsed.hostname !== '' && /^(\/\d*)?$/.test(parsed.pathname))
    return;
  throw new InvalidConfig(
    "The store's url is not a redis or rediss address; write it like redis://user:password@host:6379/0.",
  );
}

/** The vendor's messages may quote an address or a command: only what kind of failure it was goes on. */
function withoutAnswer(error: unknown, timeoutMs: number): Error {
  if (error instanceof TimedOut) {
    return new Unavailable(`Redis did not answer within ${timeoutMs / 1_000} s. It is tried again.`);
  }
  const { code, message } = error as { code?: unknown; message?: unknown };
  const what = typeof code === 'string' ? code : (/\bE[A-Z]{4,}\b/.exec(String(message))?.[0] ?? 'connection lost');
  return new Unavailable(`Redis cannot be reached (${what}). It is tried again; look whether it runs.`);
}
