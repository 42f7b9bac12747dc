import type { KafkaMessage } from 'kafkajs';
import type { PositionRecord } from './log';
import { baseGone, createPositionDecoder } from './position-changes';
import { parsePositionRecord, type PositionChanges } from './position-format';

export interface PositionSourceOptions {
  /** For messages. */
  readonly topic: string;
  /** The whole record at this offset; null when it is there no more. */
  readonly readBase: (since: string) => Promise<Pick<KafkaMessage, 'offset' | 'value'> | null>;
  /** Of a record before this offset it is enough to know what it says itself. */
  readonly wantedFrom: () => number;
  readonly onRecord: (record: PositionRecord | PositionChanges, message: KafkaMessage) => void;
  /** Everything before `offset` was handed over; the topic ends at `high`. */
  readonly onPassed: (offset: number, high: number) => void;
}

/**
 * Hands the position records of a log over in their order, and what they leave out put in. The first ones that a lane meets may build
 * upon a record from before it began: they wait until that one has been read.
 */
export class PositionSource {
  private readonly decoder;
  private held: KafkaMessage[] = [];
  private heldPassed: { readonly offset: number; readonly high: number } | null = null;
  /** The offset of a whole record that compaction has taken, and a later one with it: what builds upon it is of the past. */
  private gone: string | null = null;
  /** The last record that was passed over for it, while no whole one has come. */
  private passedOver: string | null = null;

  constructor(private readonly options: PositionSourceOptions) {
    this.decoder = createPositionDecoder(options.topic);
  }

  /** Some wait: `settle` has to be called, and more is not wanted. */
  get waiting(): boolean {
    return this.held.length > 0;
  }

  take(messages: readonly KafkaMessage[]): void {
    if (this.waiting) {
      this.held.push(...messages);
      return;
    }
    for (const [at, message] of messages.entries()) {
      const record = this.decoder.read(message);
      if (record.version === 2 && Number(message.offset) >= this.options.wantedFrom()) {
        if (record.since === this.gone) {
          this.passedOver = message.offset;
          continue;
        }
        this.held = messages.slice(at);
        return;
      }
      if (record.version === 1) this.passedOver = null;
      this.options.onRecord(record, message);
    }
  }

  /** Throws `Blocked` log-truncated at an end of the topic that nobody can read. */
  pass(offset: number, high: number): void {
    const [first] = this.held;
    if (first) {
      this.heldPassed = { offset, high };
      // That there is more is known.
      this.options.onPassed(Number(first.offset), high);
      return;
    }
    if (this.passedOver !== null && offset >= high) {
      throw baseGone(this.options.topic, { offset: this.passedOver, since: this.gone ?? '' });
    }
    this.options.onPassed(offset, high);
  }

  /** Resolves when none waits, or once what was read is wanted no more. Rejects with what reading throws, or taking. */
  async settle(signal: AbortSignal): Promise<void> {
    while (this.waiting) {
      await this.learn();
      if (signal.aborted) return;
      this.take(this.held.splice(0));
    }
    const { heldPassed } = this;
    this.heldPassed = null;
    if (heldPassed) this.pass(heldPassed.offset, heldPassed.high);
  }

  /** Reads what the first one that waits builds upon. */
  private async learn(): Promise<void> {
    const [first] = this.held;
    if (!first) return;
    const { topic, readBase } = this.options;
    const changes = parsePositionRecord(first, topic);
    if (changes.version !== 2) return;
    const { since } = changes;
    const base = await readBase(since);
    if (!base) this.gone = since;
    else if (this.decoder.read(base).version !== 1) throw baseGone(topic, { offset: first.offset, since });
  }
}
