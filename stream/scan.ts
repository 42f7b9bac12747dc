import { Blocked, Unavailable } from '../model/errors';
import type { Extent } from './extents';

/** Without an answer for so long a pass gives up: an open transaction of a dead producer ends within 15 s. */
const patienceMs = 20_000;

/** How far each partition was read; the end is where it was when the pass began. */
export class Progress {
  private readonly at: number[];

  constructor(
    private readonly topic: string,
    private readonly extents: readonly Extent[],
  ) {
    this.at = extents.map(({ low }) => low);
  }

  next(partition: number): number {
    return this.at[partition] ?? 0;
  }

  isNew(partition: number, offset: number): boolean {
    return offset >= this.next(partition);
  }

  passed(partition: number, offset: number): void {
    if (this.extents[partition] === undefined) throw new RangeError(`${this.topic} has no partition ${partition}.`);
    this.at[partition] = Math.max(this.next(partition), offset);
  }

  get done(): boolean {
    return this.extents.every(({ high }, partition) => this.next(partition) >= high);
  }
}

/** The end of a pass: reached, failed, told to end, or nothing heard for too long. */
export class Ended {
  readonly promise: Promise<void>;
  resolve: () => void = () => undefined;
  reject: (error: Error) => void = () => undefined;
  private timer: NodeJS.Timeout;
  private readonly onAbort = () => this.reject(this.signal.reason as Error);

  constructor(
    private readonly topic: string,
    private readonly signal: AbortSignal,
  ) {
    this.promise = new Promise<void>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.promise.catch(() => undefined); // the feed may fail before anybody awaits
    this.timer = this.patience();
    if (signal.aborted) this.onAbort();
    signal.addEventListener('abort', this.onAbort);
  }

  postpone(): void {
    clearTimeout(this.timer);
    this.timer = this.patience();
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.signal.removeEventListener('abort', this.onAbort);
  }

  private patience(): NodeJS.Timeout {
    return setTimeout(() => {
      const what = `${this.topic} could not be read to its end: nothing new came for ${patienceMs / 1000} s.`;
      this.reject(new Unavailable(`${what} Check that the brokers are up. It is tried again.`));
    }, patienceMs);
  }
}

export function cut(topic: string): Blocked {
  return new Blocked(
    'log-truncated',
    `${topic} was cut or deleted while its keys were read. Do not delete records of the log by hand; check that topic.`,
  );
}
