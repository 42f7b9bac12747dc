import { mostVarintBytes, sizeOfVarint, writeVarint } from './varint';
import { bytesBeyond, constantOf, viewOf, writeConstant, type Constant, type Target } from './words';
import { writeRecords, type HeaderEncoder, type Payload } from './producer/records';

/** How the records of one log stand in its batches. */
export interface BatchForm {
  /** Headers as they stand in a record, for its own ones. */
  readonly encodeHeaders: HeaderEncoder;
  /** What a batch may have; a larger record is a batch of its own. */
  readonly mostBytes: number;
}

/** Of a record before its value, besides the key: four varints, attributes, distance in time. */
const mostFraming = 4 * mostVarintBytes + 2 + bytesBeyond;
/** Of a batch before its records, with room to spare. */
const batchHead = 64;

/** Records of one partition as they will stand in a batch, one behind the other: the producer copies them in one go. */
export class WrittenBatch implements Iterable<Payload> {
  constructor(
    private readonly memory: Buffer,
    readonly length: number,
    private readonly commonHeaders: number,
  ) {}

  get bytes(): number {
    return this.memory.length;
  }

  /** Returns the place behind them. */
  writeTo(into: Buffer, start: number): number {
    into.set(this.memory, start);
    return start + this.memory.length;
  }

  /** One by one, for whoever does not send them as they are. */
  *[Symbol.iterator](): IterableIterator<Payload> {
    const reader = { bytes: this.memory, at: 0 };
    for (let left = this.length; left > 0; left -= 1) {
      const size = readVarint(reader);
      const end = reader.at + size;
      reader.at += 2;
      readVarint(reader); // distance in offset
      const key = readField(reader) ?? Buffer.alloc(0);
      const value = readField(reader);
      const headers = end - reader.at === this.commonHeaders ? null : readHeaders(reader);
      reader.at = end;
      yield headers === null ? { key, value } : { key, value, headers };
    }
  }
}

/**
 * Writes the records of one batch where they will stand: nothing is made of a record but its bytes. Garbage of several objects
 * for each was a quarter of what a copy cost.
 */
export class BatchWriter implements Target {
  /** Where the value of the record that is open is written. Another one after `open`. */
  memory: Buffer;
  view: DataView;
  length = 0;
  private at = 0;
  private valueAt = 0;
  /** Sizes of the lengths of a record and of its value: those of the record before, which nearly always are right. */
  private bodyVarint = 2;
  private valueVarint = 2;
  private readonly headers: Constant;

  constructor(
    private readonly form: BatchForm,
    roomBytes: number,
  ) {
    this.memory = Buffer.allocUnsafeSlow(roomBytes);
    this.view = viewOf(this.memory);
    this.headers = constantOf(form.encodeHeaders(undefined));
  }

  get bytes(): number {
    return this.at;
  }

  /** Makes room for a record and returns where its value begins, of at most so many bytes. */
  open(keyBytes: number, mostValueBytes: number): number {
    this.makeRoom(mostFraming + keyBytes + mostValueBytes + this.headers.length);
    const head = 2 + this.bodyVarint + sizeOfVarint(this.length) + sizeOfVarint(keyBytes) + keyBytes + this.valueVarint;
    this.valueAt = this.at + head;
    return this.valueAt;
  }

  /** Ends the record with its key; the value stands before `valueEnd`. False: it does not fit any more, and was not written. */
  close(key: Buffer, keyBytes: number, valueEnd: number): boolean {
    const { headers, at: start, length: delta } = this;
    const valueBytes = valueEnd - this.valueAt;
    const valueVarint = sizeOfVarint(valueBytes);
    const behindLength = 2 + sizeOfVarint(delta) + sizeOfVarint(keyBytes) + keyBytes + valueVarint;
    const body = behindLength + valueBytes + headers.length;
    const bodyVarint = sizeOfVarint(body);
    const end = start + bodyVarint + body;
    if (this.length > 0 && end + batchHead > this.form.mostBytes) return false;
    const { memory } = this;
    const valueAt = start + bodyVarint + behindLength;
    if (valueAt !== this.valueAt) {
      memory.copyWithin(valueAt, this.valueAt, valueEnd);
      this.bodyVarint = bodyVarint;
      this.valueVarint = valueVarint;
    }
    let at = writeVarint(memory, start, body);
    memory[at] = 0; // attributes: none exist
    memory[at + 1] = 0; // distance in time: all are of one moment
    at = writeVarint(memory, at + 2, delta);
    at = writeVarint(memory, at, keyBytes);
    for (let each = 0; each < keyBytes; each += 1) memory[at + each] = key[each] as number;
    writeVarint(memory, at + keyBytes, valueBytes);
    writeConstant(this.view, valueAt + valueBytes, headers);
    this.at = end;
    this.length += 1;
    return true;
  }

  /** Records of any kind that belong together. False: they do not fit any more, and none was written. */
  add(records: readonly Payload[]): boolean {
    const { encodeHeaders, mostBytes } = this.form;
    const most = records.reduce((sum, { key, value, headers }) => {
      return sum + mostFraming + key.length + (value?.length ?? 0) + encodeHeaders(headers).length;
    }, 0);
    if (this.length > 0 && this.at + most + batchHead > mostBytes) return false;
    this.makeRoom(most);
    this.at = writeRecords(this.memory, this.at, { records, encodeHeaders, firstDelta: this.length });
    this.length += records.length;
    return true;
  }

  /** The memory is not to be written again. */
  end(): WrittenBatch {
    return new WrittenBatch(this.memory.subarray(0, this.at), this.length, this.headers.length);
  }

  private makeRoom(bytes: number): void {
    const { memory, at } = this;
    if (memory.length - at >= bytes) return;
    this.memory = Buffer.allocUnsafeSlow(Math.max(2 * memory.length, at + bytes));
    this.memory.set(memory.subarray(0, at));
    this.view = viewOf(this.memory);
  }
}

interface Reader {
  readonly bytes: Buffer;
  at: number;
}

function readVarint(reader: Reader): number {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = reader.bytes[reader.at] as number;
    reader.at += 1;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
  }
}

function readField(reader: Reader): Buffer | null {
  const length = readVarint(reader);
  if (length < 0) return null;
  reader.at += length;
  return reader.bytes.subarray(reader.at - length, reader.at);
}

/** Those that every record has among them: they are the same again when they are sent. */
function readHeaders(reader: Reader): Record<string, Buffer> {
  const headers: Record<string, Buffer> = {};
  for (let left = readVarint(reader); left > 0; left -= 1) {
    const name = readField(reader)?.toString('utf8') ?? '';
    headers[name] = readField(reader) ?? Buffer.alloc(0);
  }
  return headers;
}
