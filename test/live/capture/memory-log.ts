import { Fenced } from '../../../model/errors';
import type { Change } from '../../../model/change';
import type { Offsets } from '../../../model/offsets';
import type { CaptureOptions, CaptureParts } from '../../../capture/session';
import { defaultCaptureParts } from '../../../capture/session';
import { decodeChange } from '../../../stream/envelope';
import type { Closing, EncodedRecord, LogWriter, PositionRecord } from '../../../stream/log';

export interface Append {
  readonly changes: readonly Change[];
  readonly record: PositionRecord;
}

/** A log in memory, with the fence: what capture appends, in order, without Kafka. */
export class MemoryLog {
  readonly appends: Append[] = [];
  /** Awaited before an append is done: a place to hold it, or to fail it. */
  beforeAppend: (records: readonly EncodedRecord[], closing: Closing) => Promise<void> = async () => undefined;
  private epoch = 0;
  private ends: Record<string, Record<string, string>> = {};
  private readonly waiting = new Set<() => void>();

  get last(): PositionRecord | null {
    return this.appends.at(-1)?.record ?? null;
  }

  get changes(): Change[] {
    return this.appends.flatMap((append) => append.changes);
  }

  parts(replaced: Partial<CaptureParts> = {}): CaptureParts {
    return {
      ...defaultCaptureParts,
      ensureTopics: async () => undefined,
      readLastPosition: async () => this.last,
      openWriter: async (_options: CaptureOptions, identity) => this.open(identity),
      ...replaced,
    };
  }

  /** Resolves when `condition` holds after some append; rejects with what was seen last. */
  async until(condition: () => boolean, what: string, boundMs = 60_000): Promise<void> {
    const deadline = Date.now() + boundMs;
    while (!condition()) {
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`Not within ${boundMs} ms: ${what}; ${this.changes.length} changes so far.`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, left);
        const waiting = this.waiting;
        waiting.add(done);
        function done() {
          clearTimeout(timer);
          waiting.delete(done);
          resolve();
        }
      });
    }
  }

  private open(identity: { logId: string; systemId: string; timeline: number }): LogWriter {
    this.epoch += 1;
    return new MemoryWriter(this, this.epoch, identity);
  }

  commit(epoch: number, records: readonly EncodedRecord[], record: Omit<PositionRecord, 'ends'>): PositionRecord {
    if (epoch !== this.epoch) throw new Fenced('Another writer has the log.');
    for (const { topic, partition } of records) {
      const ends = (this.ends[topic] ??= {});
      ends[partition] = String(Number(ends[partition] ?? '0') + 1);
    }
    const complete = { ...record, ends: structuredClone(this.ends) as Offsets };
    const changes = records.map((fetched, index) => decodeChange({ ...fetched, offset: String(index) }));
    this.appends.push({ changes: changes.filter((change) => change !== null), record: complete });
    for (const done of [...this.waiting]) done();
    return complete;
  }
}

class MemoryWriter implements LogWriter {
  last: PositionRecord | null;

  constructor(
    private readonly log: MemoryLog,
    private readonly epoch: number,
    private readonly identity: { logId: string; systemId: string; timeline: number },
  ) {
    this.last = log.last;
  }

  async append(records: readonly EncodedRecord[], closing: Closing): Promise<PositionRecord> {
    await this.log.beforeAppend(records, closing);
    this.last = this.log.commit(this.epoch, records, { version: 1, ...this.identity, ...closing });
    return this.last;
  }

  async close(): Promise<void> {}
}
