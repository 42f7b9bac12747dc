import { Fenced } from '../../../model/errors';
import type { Change, Row } from '../../../model/change';
import { tableTopic } from '../../../model/names';
import type { SchemaVersion } from '../../../model/schema';
import type { Offsets } from '../../../model/offsets';
import type { CaptureOptions, CaptureParts } from '../../../capture/session';
import { defaultCaptureParts } from '../../../capture/session';
import { decodeChange } from '../../../stream/envelope';
import { createHeaderEncoder } from '../../../stream/producer/records';
import { listed, type Records } from '../../../stream/supply';
import type { Closing, EncodedRecord, FetchedRecord, LogWriter, PositionRecord } from '../../../stream/log';

export interface Append {
  readonly records: readonly EncodedRecord[];
  readonly changes: readonly Change[];
  /** Changes and messages: `INSERT 5`, `message prefix text`. Copied rows are left out. */
  readonly told: readonly string[];
  readonly record: PositionRecord;
}

/** A log in memory, with the fence: what capture appends, in order, without Kafka. */
export class MemoryLog {
  readonly appends: Append[] = [];
  maxRecordBytes = 16 * 1024 * 1024;
  /** Awaited before an append is done: a place to hold it, or to fail it. */
  beforeAppend: (records: readonly EncodedRecord[], closing: Closing) => Promise<void> = async () => undefined;
  /** What an append says besides its records; a control makes it say something else. */
  rewrite: (closing: Closing, records: readonly EncodedRecord[]) => Closing = (closing) => closing;
  /** What the scan for live keys gives at once: small, so that one TRUNCATE takes several appends. */
  pageKeys = 100;
  private readonly rows = new Map<string, Map<string, Row>>();
  readonly versions = new Map<string, SchemaVersion>();
  private epoch = 0;
  private ends: Record<string, Record<string, string>> = {};
  private readonly waiting = new Set<() => void>();

  get last(): PositionRecord | null {
    return this.appends.at(-1)?.record ?? null;
  }

  get changes(): Change[] {
    return this.appends.flatMap((append) => append.changes);
  }

  get told(): string[] {
    return this.appends.flatMap(({ told }) => told);
  }

  parts(replaced: Partial<CaptureParts> = {}): CaptureParts {
    return {
      ...defaultCaptureParts,
      ensureTopics: async () => undefined,
      readVersions: async () => this.versions,
      readLastPosition: async () => this.last,
      liveKeys: (_options, table) => this.liveKeys(table),
      writtenKeys: (_options, table) => this.liveKeys(table),
      openWriter: async (_options: CaptureOptions, identity) => this.open(identity),
      ...replaced,
    };
  }

  /** Of the capture that was begun last; null: it runs, or was stopped. Waiting on is in vain then, unless another is begun. */
  failure: Error | null = null;

  /** Resolves when `condition` holds after some append; rejects with what was seen last. */
  async until(condition: () => boolean, what: string, boundMs = 150_000): Promise<void> {
    const deadline = Date.now() + boundMs;
    while (!condition()) {
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`Waited ${boundMs / 1_000} s for ${what}. Seen last: ${this.seen()}`);
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

  private seen(): string {
    const { lsn, index } = this.last?.position ?? { lsn: 'none', index: 0 };
    const failed = this.failure ? `, and capture has failed: ${this.failure.stack ?? this.failure.message}` : '';
    return `${this.changes.length} changes, position ${lsn}/${index}${failed}`;
  }

  /** Keys whose last record is no tombstone, as a scan of the topic finds them. */
  async *liveKeys(table: string): AsyncGenerator<readonly Row[]> {
    const keys = [...(this.rows.get(tableTopic('', table))?.values() ?? [])];
    for (let at = 0; at < keys.length; at += this.pageKeys) yield keys.slice(at, at + this.pageKeys);
  }

  private fold({ topic, key, value }: EncodedRecord): void {
    const name = topic.slice(topic.indexOf('.'));
    const rows = this.rows.get(name) ?? new Map<string, Row>();
    this.rows.set(name, rows);
    if (value === null) rows.delete(key.toString());
    else rows.set(key.toString(), JSON.parse(key.toString()) as Row);
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
    const changes: Change[] = [];
    const told: string[] = [];
    // Decoded once: tests look at the whole log again and again.
    for (const [index, each] of records.entries()) {
      if (isMessages(each.topic)) {
        told.push(`message ${each.key.toString()} ${each.value?.toString()}`);
        continue;
      }
      this.fold(each);
      const change = decodeChange(fetched(each, index));
      if (change === null) continue;
      changes.push(change);
      told.push(...tell(change));
    }
    const complete = { ...record, ends: structuredClone(this.ends) as Offsets };
    this.appends.push({ records, changes, told, record: complete });
    for (const done of [...this.waiting]) done();
    return complete;
  }
}

const isMessages = (topic: string) => /^[^.]+\.messages$/.test(topic);

/** As a reader gets it. Part by part, since a record that capture wrote has key and value only for those who ask. */
function fetched({ topic, partition, key, value }: EncodedRecord, offset: number): FetchedRecord {
  return { topic, partition, key, value, offset: String(offset) };
}

function tell({ operation, key }: Change): string[] {
  if (operation === 'read') return [];
  const verb = { create: 'INSERT', update: 'UPDATE', delete: 'DELETE' }[operation];
  return [`${verb} ${String(key['id'])}`];
}

class MemoryWriter implements LogWriter {
  last: PositionRecord | null;
  readonly maxRecordBytes: number;
  /** Headers that every record has are none of a record's own. */
  readonly batches = { encodeHeaders: createHeaderEncoder({}), mostBytes: 1_000_000 };

  constructor(
    private readonly log: MemoryLog,
    private readonly epoch: number,
    private readonly identity: { logId: string; systemId: string; timeline: number },
  ) {
    this.last = log.last;
    this.maxRecordBytes = log.maxRecordBytes;
  }

  async append(appended: Records, closing: Closing, versions: readonly SchemaVersion[] = []): Promise<PositionRecord> {
    const records = listed(appended);
    await this.log.beforeAppend(records, closing);
    for (const version of versions) this.log.versions.set(version.id, version);
    this.last = this.log.commit(this.epoch, records, {
      version: 1,
      ...this.identity,
      ...this.log.rewrite(closing, records),
    });
    return this.last;
  }

  async close(): Promise<void> {}
}
