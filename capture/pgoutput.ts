import { Blocked } from '../model/errors';

/**
 * Decoder of pgoutput, protocol version 1, text format: one WAL message in, one value out, no I/O and no state.
 * https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html
 */

/** A column as text; null is NULL; undefined is an unchanged TOAST value, which the server did not send. */
export type Tuple = readonly (string | null | undefined)[];

/** The row before: `row` is complete (REPLICA IDENTITY FULL), `key` holds the identity's columns and NULL elsewhere. */
export interface OldTuple {
  readonly kind: 'row' | 'key';
  readonly values: Tuple;
}

export interface RelationColumn {
  /** Part of the replica identity. Under REPLICA IDENTITY FULL that is every column: never a source of the key. */
  readonly identity: boolean;
  readonly name: string;
  readonly typeId: number;
  /** `atttypmod`: -1 when the type has none. */
  readonly typeModifier: number;
}

export interface Relation {
  readonly relationId: number;
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly RelationColumn[];
}

export type WalMessage =
  | { readonly kind: 'begin'; readonly commitLsn: bigint; readonly committedAt: number; readonly xid: number }
  | { readonly kind: 'commit'; readonly commitLsn: bigint; readonly endLsn: bigint; readonly committedAt: number }
  | { readonly kind: 'relation'; readonly relation: Relation }
  | { readonly kind: 'insert'; readonly relationId: number; readonly after: Tuple }
  | { readonly kind: 'update'; readonly relationId: number; readonly before: OldTuple | null; readonly after: Tuple }
  | { readonly kind: 'delete'; readonly relationId: number; readonly before: OldTuple }
  | { readonly kind: 'truncate'; readonly relationIds: readonly number[] }
  /** `pg_logical_emit_message`. `lsn` is where its record begins; its bytes are a copy. */
  | {
      readonly kind: 'message';
      readonly transactional: boolean;
      readonly lsn: bigint;
      readonly prefix: string;
      readonly content: Buffer;
    }
  /** Origins and types: nothing we follow. */
  | { readonly kind: 'other' };

/** Milliseconds between 1970 and PostgreSQL's epoch, 2000-01-01. */
const postgresEpochMs = 946_684_800_000;

/**
 * Decodes one message. `payload` may be a view on a buffer that is used again: everything is taken out of it before
 * this returns. Throws `Blocked` undecodable for anything protocol version 1 does not have.
 */
export function decodeWalMessage(payload: Buffer): WalMessage {
  let message: WalMessage | null;
  try {
    message = decode(new Reader(payload));
  } catch {
    throw undecodable(payload, 'cannot be read');
  }
  if (message === null) throw undecodable(payload, 'is not known');
  return message;
}

function undecodable(payload: Buffer, what: string): Blocked {
  const tag = payload.length > 0 ? `0x${payload.toString('hex', 0, 1)}` : '(empty)';
  return new Blocked(
    'undecodable',
    `A pgoutput message of type ${tag}, ${payload.length} bytes, ${what}: the server speaks another protocol version. ` +
      'Nothing beyond it was confirmed. Report the PostgreSQL version.',
  );
}

function decode(reader: Reader): WalMessage | null {
  switch (reader.byte()) {
    case 0x42: // B
      return { kind: 'begin', commitLsn: reader.int64(), committedAt: reader.timestamp(), xid: reader.uint32() };
    case 0x43: // C
      reader.skip(1); // flags, unused
      return { kind: 'commit', commitLsn: reader.int64(), endLsn: reader.int64(), committedAt: reader.timestamp() };
    case 0x52: // R
      return { kind: 'relation', relation: decodeRelation(reader) };
    case 0x49: // I
      return decodeInsert(reader);
    case 0x55: // U
      return decodeUpdate(reader);
    case 0x44: // D
      return { kind: 'delete', relationId: reader.uint32(), before: reader.oldTuple(reader.byte()) };
    case 0x54: // T
      return decodeTruncate(reader);
    case 0x4d: // M
      return decodeMessage(reader);
    case 0x4f: // O
    case 0x59: // Y
      return { kind: 'other' };
    default:
      return null;
  }
}

function decodeRelation(reader: Reader): Relation {
  const relationId = reader.uint32();
  // An empty namespace stands for pg_catalog.
  const schema = reader.text() || 'pg_catalog';
  const table = reader.text();
  reader.skip(1); // replica identity: the catalogue's is the one that counts
  const columns: RelationColumn[] = [];
  for (let left = reader.uint16(); left > 0; left -= 1) {
    const identity = (reader.byte() & 1) === 1;
    const name = reader.text();
    const typeId = reader.uint32();
    columns.push({ identity, name, typeId, typeModifier: reader.int32() });
  }
  return { relationId, schema, table, columns };
}

function decodeInsert(reader: Reader): WalMessage {
  const relationId = reader.uint32();
  reader.expect(0x4e); // N
  return { kind: 'insert', relationId, after: reader.tuple() };
}

function decodeUpdate(reader: Reader): WalMessage {
  const relationId = reader.uint32();
  const marker = reader.byte();
  if (marker === 0x4e) return { kind: 'update', relationId, before: null, after: reader.tuple() };
  const before = reader.oldTuple(marker);
  reader.expect(0x4e);
  return { kind: 'update', relationId, before, after: reader.tuple() };
}

function decodeTruncate(reader: Reader): WalMessage {
  const count = reader.uint32();
  reader.skip(1); // CASCADE and RESTART IDENTITY
  const relationIds: number[] = [];
  for (let left = count; left > 0; left -= 1) relationIds.push(reader.uint32());
  return { kind: 'truncate', relationIds };
}

function decodeMessage(reader: Reader): WalMessage {
  const transactional = (reader.byte() & 1) === 1;
  const lsn = reader.int64();
  const prefix = reader.text();
  return { kind: 'message', transactional, lsn, prefix, content: reader.bytesCopied() };
}

/** Reads forward over one message. Running past the end is a RangeError. */
class Reader {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  byte(): number {
    const value = this.bytes.readUInt8(this.at);
    this.at += 1;
    return value;
  }

  expect(marker: number): void {
    if (this.byte() !== marker) throw new RangeError('unexpected marker');
  }

  skip(count: number): void {
    this.at += count;
    if (this.at > this.bytes.length) throw new RangeError('past the end');
  }

  uint16(): number {
    const value = this.bytes.readUInt16BE(this.at);
    this.at += 2;
    return value;
  }

  /** Unsigned: xids and oids above 2^31 exist. */
  uint32(): number {
    const value = this.bytes.readUInt32BE(this.at);
    this.at += 4;
    return value;
  }

  int32(): number {
    const value = this.bytes.readInt32BE(this.at);
    this.at += 4;
    return value;
  }

  int64(): bigint {
    const value = this.bytes.readBigUInt64BE(this.at);
    this.at += 8;
    return value;
  }

  /** Milliseconds since the Unix epoch; PostgreSQL sends microseconds since 2000. */
  timestamp(): number {
    const value = this.bytes.readBigInt64BE(this.at);
    this.at += 8;
    return postgresEpochMs + Math.floor(Number(value) / 1000);
  }

  text(): string {
    const end = this.bytes.indexOf(0, this.at);
    if (end < 0) throw new RangeError('unterminated text');
    const value = this.bytes.toString('utf8', this.at, end);
    this.at = end + 1;
    return value;
  }

  bytesCopied(): Buffer {
    const length = this.uint32();
    const start = this.at;
    this.skip(length);
    return Buffer.from(this.bytes.subarray(start, this.at));
  }

  oldTuple(marker: number): OldTuple {
    if (marker === 0x4f) return { kind: 'row', values: this.tuple() }; // O
    if (marker === 0x4b) return { kind: 'key', values: this.tuple() }; // K
    throw new RangeError('unexpected marker');
  }

  tuple(): Tuple {
    const count = this.uint16();
    const values: (string | null | undefined)[] = new Array<string | null | undefined>(count);
    for (let index = 0; index < count; index += 1) values[index] = this.value();
    return values;
  }

  private value(): string | null | undefined {
    const kind = this.byte();
    if (kind === 0x6e) return null; // n
    if (kind === 0x75) return undefined; // u
    if (kind !== 0x74) throw new RangeError('not a text value'); // binary was not asked for
    const length = this.uint32();
    const start = this.at;
    this.skip(length);
    return this.bytes.toString('utf8', start, this.at);
  }
}
