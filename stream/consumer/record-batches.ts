/** What the records of one batch have in common. */
interface BatchContext {
  readonly firstOffset: string;
  readonly firstTimestamp: string;
  readonly partitionLeaderEpoch: number;
  readonly inTransaction: boolean;
  readonly isControlBatch: boolean;
  readonly lastOffsetDelta: number;
  readonly producerId: string;
  readonly producerEpoch: number;
  readonly firstSequence: number;
  readonly maxTimestamp: string;
  readonly timestampType: 0 | 1;
  readonly magicByte: number;
}

type Headers = Record<string, Buffer | Buffer[] | null>;

/** A record, or a control record, as kafkajs hands it on. */
export interface FetchedMessage {
  readonly magicByte: number;
  readonly attributes: number;
  readonly timestamp: string;
  readonly offset: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** Of records in a row with the very same headers they are one object. */
  readonly headers: Headers;
  readonly isControlRecord: boolean;
  readonly batchContext: BatchContext;
}

/** Bytes of a batch before its records, the number of them included; the length counts from behind the first twelve. */
const batchHead = 61;
const lengthFrom = 12;
const magic = 2;
const [codecMask, logAppendTime, transactional, control] = [0x07, 0x08, 0x10, 0x20];

/**
 * The records between two places of a response (https://kafka.apache.org/documentation/#recordbatch): of whole batches, a
 * fetch may end in the middle of one. Null: older than such batches are, compressed, or with numbers that JavaScript's
 * cannot hold.
 */
export function recordsOf(bytes: Buffer, from: number, until: number): FetchedMessage[] | null {
  const messages: FetchedMessage[] = [];
  if (until > bytes.length) return messages; // as kafkajs takes it: nothing yet
  let at = from;
  while (at + batchHead <= until) {
    const end = at + lengthFrom + bytes.readInt32BE(at + 8);
    if (bytes.readInt8(at + 16) !== magic) return null;
    if (end > until) break;
    const reader = new BatchReader(bytes, at);
    if (!reader.plain) return null;
    reader.readInto(messages, end);
    at = end;
  }
  return messages;
}

class BatchReader {
  readonly plain: boolean;
  private at: number;
  private readonly context: BatchContext;
  private readonly count: number;
  private readonly first: number;
  private readonly firstTime: number;
  /** Where the headers of the record before begin and end, and what they are. */
  private last: { readonly from: number; readonly end: number; readonly headers: Headers } | null = null;

  constructor(
    private readonly bytes: Buffer,
    at: number,
  ) {
    const attributes = bytes.readInt16BE(at + 21);
    this.context = {
      firstOffset: bytes.readBigInt64BE(at).toString(),
      firstTimestamp: bytes.readBigInt64BE(at + 27).toString(),
      partitionLeaderEpoch: bytes.readInt32BE(at + 12),
      inTransaction: (attributes & transactional) > 0,
      isControlBatch: (attributes & control) > 0,
      lastOffsetDelta: bytes.readInt32BE(at + 23),
      producerId: bytes.readBigInt64BE(at + 43).toString(),
      producerEpoch: bytes.readInt16BE(at + 51),
      firstSequence: bytes.readInt32BE(at + 53),
      maxTimestamp: bytes.readBigInt64BE(at + 35).toString(),
      timestampType: (attributes & logAppendTime) > 0 ? 1 : 0,
      magicByte: magic,
    };
    this.first = Number(this.context.firstOffset);
    this.firstTime = Number(this.context.firstTimestamp);
    this.count = bytes.readInt32BE(at + 57);
    this.at = at + batchHead;
    // Offsets and times of a batch are its first and a difference: no more than 31 and some 41 bits.
    const exact = this.first + 2 ** 31 <= Number.MAX_SAFE_INTEGER && Math.abs(this.firstTime) < 2 ** 52;
    this.plain = (attributes & codecMask) === 0 && exact;
  }

  readInto(messages: FetchedMessage[], end: number): void {
    const { context, first, firstTime, bytes } = this;
    const appendTime = context.timestampType === 1;
    for (let left = this.count; left > 0; left -= 1) {
      const recordEnd = this.varint() + this.at;
      if (recordEnd > end) throw new RangeError('A record ends behind its batch.');
      const attributes = bytes.readInt8(this.at);
      this.at += 1;
      const time = this.varint();
      const offset = this.varint();
      const key = this.field();
      const value = this.field();
      messages.push({
        magicByte: magic,
        attributes,
        timestamp: appendTime ? context.maxTimestamp : String(firstTime + time),
        offset: String(first + offset),
        key,
        value,
        headers: this.headers(recordEnd),
        isControlRecord: context.isControlBatch,
        batchContext: context,
      });
      if (this.at > recordEnd) throw new RangeError('A part of a record ends behind it.');
      this.at = recordEnd;
    }
  }

  /** Varints of up to 64 bits: exact as far as a number is, which is as far as `plain` goes. */
  private varint(): number {
    const { bytes } = this;
    let byte = bytes[this.at++] ?? 0;
    let value = byte & 127;
    for (let scale = 128; byte > 127; scale *= 128) {
      byte = bytes[this.at++] ?? 0;
      value += (byte & 127) * scale;
    }
    // Zigzag: the lowest bit is the sign.
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  private field(): Buffer | null {
    const length = this.varint();
    if (length < 0) return null;
    const from = this.at;
    this.at += length;
    return this.bytes.subarray(from, this.at);
  }

  private headers(end: number): Headers {
    const { at: from, bytes, last } = this;
    if (last && last.end - last.from === end - from && same(bytes, last.from, from, end - from)) return last.headers;
    let headers: Headers = {};
    for (let left = this.varint(); left > 0; left -= 1) {
      const name = this.field()?.toString('utf8') ?? 'null';
      const value = this.field();
      const there = Object.hasOwn(headers, name) ? headers[name] : undefined;
      headers = { ...headers, [name]: there === undefined ? value : ([there, value].flat() as Buffer[]) };
    }
    this.last = { from, end, headers };
    return headers;
  }
}

function same(bytes: Buffer, left: number, right: number, length: number): boolean {
  for (let index = 0; index < length; index += 1) if (bytes[left + index] !== bytes[right + index]) return false;
  return true;
}
