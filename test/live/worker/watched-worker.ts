import { spawn } from 'node:child_process';
import { compiled } from '../../support/project';
import { waitFor } from '../../support/wait';

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/** A worker that is watched from outside only: by its log, its HTTP server and its exit. */
export interface WatchedWorker {
  readonly pid: number;
  readonly lines: readonly LogLine[];
  /** Resolves with the first line of this message. */
  line(message: string, seconds: number): Promise<LogLine>;
  /** Null when nobody listens any more. */
  get(path: string): Promise<HttpAnswer | null>;
  signal(signal: NodeJS.Signals): void;
  /** Resolves with the exit code, null for a death by signal. */
  exit(seconds: number): Promise<number | null>;
  readonly evidence: () => string;
}

export interface WatchedOptions {
  readonly environment: Readonly<Record<string, string>>;
  /** Compiled program; default: the shipped one. */
  readonly program?: string;
}

export function startWatched({ environment, program = 'worker/main.js' }: WatchedOptions): WatchedWorker {
  const child = spawn(process.execPath, ['--max-old-space-size=512', compiled(program)], {
    env: { ...process.env, SLIPSTREAM_HTTP_PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: LogLine[] = [];
  const rest: string[] = [];
  let partial = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const [last = '', ...whole] = `${partial}${chunk}`.split('\n').reverse();
    partial = last;
    for (const text of whole.reverse()) lines.push(JSON.parse(text) as LogLine);
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => rest.push(chunk));
  // `close`, not `exit`: by then everything it has said is here.
  let closed = false;
  child.once('close', () => (closed = true));
  const evidence = () =>
    `${lines
      .slice(-25)
      .map((line) => JSON.stringify(line))
      .join('\n')}\n${rest.join('')}`;

  const worker: WatchedWorker = {
    pid: child.pid ?? 0,
    lines,
    async line(message, seconds) {
      const { found } = await waitFor({
        what: `the worker to say '${message}'`,
        seconds,
        look: () => Promise.resolve({ found: lines.find((line) => line.message === message), closed }),
        until: (seen) => seen.found !== undefined || seen.closed,
        evidence,
      });
      if (!found) throw new Error(`The worker ended without saying '${message}':\n${evidence()}`);
      return found;
    },
    async get(path) {
      const { port } = await worker.line('health and metrics are served', 60);
      try {
        const answer = await fetch(`http://127.0.0.1:${String(port)}${path}`, { headers: { connection: 'close' } });
        return { status: answer.status, text: await answer.text() };
      } catch {
        return null;
      }
    },
    signal: (signal) => void child.kill(signal),
    async exit(seconds) {
      await waitFor({
        what: 'the worker to end',
        seconds,
        look: () => Promise.resolve(closed),
        until: (ended) => ended,
        evidence,
      });
      return child.exitCode;
    },
    evidence,
  };
  return worker;
}

/** For `finally`: whatever state it is in, it is gone afterwards. */
export async function endWatched(worker: WatchedWorker | null): Promise<void> {
  worker?.signal('SIGKILL');
  await worker?.exit(30);
}
