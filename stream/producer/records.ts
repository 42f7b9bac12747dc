import type { EncodedRecord } from '../log';
import { sizeOfVarint, writeVarint } from '../varint';
import { WrittenRecord } from '../written-record';

/** What stands in a record batch: who sends it, and where it goes, is said around it. */
export type Payload = Pick<EncodedRecord, 'key' | 'value' | 'headers'>;

type Headers = Readonly<Record<string, Buffer>>;

/** Headers as they stand in a record, for a record's own ones. */
export type HeaderEncoder = (own: Headers | undefined) => Buffer;

/**
 * `common` go with every record, own ones come after. The same objects come again and again (one per table), so each is
 * encoded once and copied from then on.
 */
export function createHeaderEncoder(common: Headers): HeaderEncoder {
  const withoutOwn = encodeHeaders(common);
  const kept = new WeakMap<Headers, Buffer>();
  return (own) => {
    if (own === undefined) return withoutOwn;
    let encoded = kept.get(own);
    if (!encoded) kept.set(own, (encoded = encodeHeaders({ ...common, ...own })));
    return encoded;
  };
}

function encodeHeaders(headers: Headers): Buffer {
  const list = Object.entries(headers).map(([name, value]) => ({ name: Buffer.from(name), value }));
  const size = list.reduce((sum, { name, value }) => sum + sizeOfBytes(name) + sizeOfBytes(value), 0);
  const bytes = Buffer.allocUnsafe(sizeOfVarint(list.length) + size);
  let at = writeVarint(bytes, 0, list.length);
  for (const { name, value } of list) at = writeBytes(bytes, writeBytes(bytes, at, name), value);
  return bytes;
}

/** Bytes that `writeRecords` takes for the same arguments. */
export function sizeOfRecords(records: readonly Payload[], encodeHeaders: HeaderEncoder): number {
  let size = 0;
  for (let delta = 0; delta < records.length; delta += 1) {
    const record = records[delta] as Payload;
    const body = sizeOfBody(record, delta, encodeHeaders(record.headers).length);
    size += sizeOfVarint(body) + body;
  }
  return size;
}

/**
 * The records of a batch, format version 2, one behind the other: length, attributes, distance in time and in offset from
 * the batch's first, key, value, headers (https://kafka.apache.org/documentation/#record). All are of one moment, so the
 * distance in time is 0. Returns the place behind them.
 */
export function writeRecords(
  into: Buffer,
  start: number,
  {
    records,
    encodeHeaders,
    firstDelta = 0,
  }: {
    readonly records: readonly Payload[];
    readonly encodeHeaders: HeaderEncoder;
    /** Of the first of them, which others of its batch may stand before. */
    readonly firstDelta?: number;
  },
): number {
  let at = start;
  for (let each = 0; each < records.length; each += 1) {
    const record = records[each] as Payload;
    const delta = firstDelta + each;
    const headers = encodeHeaders(record.headers);
    at = writeVarint(into, at, sizeOfBody(record, delta, headers.length));
    into[at] = 0; // attributes: none exist
    into[at + 1] = 0; // distance in time
    at = writeVarint(into, at + 2, delta);
    if (record instanceof WrittenRecord) {
      at = record.copyTo(into, at);
    } else {
      at = writeBytes(into, at, record.key);
      at = record.value === null ? writeVarint(into, at, -1) : writeBytes(into, at, record.value);
    }
    into.set(headers, at);
    at += headers.length;
  }
  return at;
}

function sizeOfBody(record: Payload, delta: number, headerBytes: number): number {
  return 2 + sizeOfVarint(delta) + sizeOfContent(record) + headerBytes;
}

function sizeOfContent(record: Payload): number {
  if (record instanceof WrittenRecord) return record.framedBytes;
  const { key, value } = record;
  return sizeOfBytes(key) + (value === null ? 1 : sizeOfBytes(value));
}

function sizeOfBytes(bytes: Buffer): number {
  return sizeOfVarint(bytes.length) + bytes.length;
}

function writeBytes(into: Buffer, start: number, bytes: Buffer): number {
  const at = writeVarint(into, start, bytes.length);
  into.set(bytes, at);
  return at + bytes.length;
}
