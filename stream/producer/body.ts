/** Of kafkajs' `Encoder`, what is looked at; names are its own. */
export interface Encoder {
  buf: Buffer;
  offset: number;
  writeEncoder: (this: Encoder, value: unknown) => Encoder;
}
export type EncoderClass = new () => Encoder;

/** Left free before a body: kafkajs puts its size, type, version and number there, and the client's id. */
export const roomBefore = 512;

/**
 * A request's body with memory of its own before it, in place of an `Encoder`. kafkajs copies a body behind its header, and both
 * behind their size, each time into memory that is cleared first and up to twice as large: of an append's 4 MB some 24 MB of
 * writing, and as much for the garbage collector to be told of.
 */
export class Body {
  /** `buf` is a view of memory that has `roomBefore` bytes before it, which are nobody's. */
  constructor(readonly buf: Buffer) {}

  /** As `Encoder` has it. */
  get buffer(): Buffer {
    return this.buf;
  }

  /** With `head` written before it; null where there is no room. */
  behind(head: Buffer): Body | null {
    const { buffer: memory, byteOffset, length } = this.buf;
    if (head.length > byteOffset) return null;
    const whole = Buffer.from(memory, byteOffset - head.length, head.length + length);
    whole.set(head);
    return new Body(whole);
  }
}

/** Bodies that an encoder has taken as they are. */
const carried = new WeakMap<object, Body>();
const taught = new WeakSet<object>();

/** From now on these encoders take a `Body` as it is, and write before it what they hold. Anything else goes as ever. Repeatable. */
export function carryBodies(Encoder: EncoderClass): void {
  const kind = Encoder.prototype as Encoder;
  if (taught.has(kind)) return;
  taught.add(kind);
  const { writeEncoder } = kind;
  kind.writeEncoder = function (this: Encoder, value: unknown) {
    const body = value instanceof Body ? value : carried.get(value as object);
    const whole = body?.behind(this.buf.subarray(0, this.offset));
    if (!whole) return writeEncoder.call(this, value);
    this.buf = whole.buf;
    this.offset = whole.buf.length;
    carried.set(this, whole);
    return this;
  };
}
