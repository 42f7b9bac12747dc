import { performance } from 'node:perf_hooks';

/** What one run took, of its own process alone. */
export interface Reading {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Of the process since its start. */
  readonly peakRssMiB: number;
  /** Where its seconds went, as far as the variant says: part → seconds. */
  readonly spans: Readonly<Record<string, number>>;
}

/** Brackets the part of a run that is measured: setting up and comparing stay outside. */
export class Meter {
  private begun: { readonly at: number; readonly cpu: NodeJS.CpuUsage } | null = null;
  private ended: Reading | null = null;
  private readonly spans: Record<string, number> = {};

  /** A second call changes nothing: the first thing that could have been work counts. */
  start(): void {
    this.begun ??= { at: performance.now(), cpu: process.cpuUsage() };
  }

  stop(): void {
    if (!this.begun) throw new Error('The clock was stopped and never started.');
    const { user, system } = process.cpuUsage(this.begun.cpu);
    this.ended = {
      seconds: (performance.now() - this.begun.at) / 1_000,
      cpuSeconds: (user + system) / 1e6,
      // Kibibytes, on every platform that libuv knows.
      peakRssMiB: process.resourceUsage().maxRSS / 1_024,
      spans: { ...this.spans },
    };
  }

  /** Adds the time until `work` settles to the seconds of this part. */
  async within<Result>(part: string, work: () => Promise<Result>): Promise<Result> {
    const from = performance.now();
    try {
      return await work();
    } finally {
      this.spans[part] = (this.spans[part] ?? 0) + (performance.now() - from) / 1_000;
    }
  }

  get reading(): Reading {
    if (!this.ended) throw new Error('The run ended and its clock was never stopped.');
    return this.ended;
  }
}

/** One side of a measure, run in a process of its own. `Spec` is JSON. Resolves with the changes it brought through. */
export type Variant<Spec> = (spec: Spec, meter: Meter) => Promise<number>;
