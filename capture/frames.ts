/** What the bytes of a PostgreSQL connection are: messages, one behind the other. */
export interface FrameHandlers {
  /**
   * The content of a CopyData message stands in `bytes` between the two places: until this returns, if it is one of a mebibyte or more,
   * and from then on if it is smaller, since what a socket brought is not written again.
   */
  onCopyData(bytes: Buffer, from: number, to: number): void;
  /** A CopyData message of so many bytes, more than `largestBytes`: its first ones. Nothing that follows is read. */
  onOversized(head: Buffer, bytes: number): void;
  /** A message of another kind, whole. */
  onOther(message: Buffer): void;
}

/** One byte says what it is, four how long: themselves counted, the first not. */
const headBytes = 5;
const copyData = 0x64;
/** Memory of which the next message is put together as well: large rows come one behind the other. */
const largeBytes = 1024 * 1024;
/** Of a message that is refused, as much as names its row. */
const shownBytes = 64;

/**
 * Cuts what a socket brings into messages (protocol-message-formats). Nearly all of them lie whole in one piece and are not
 * moved. Invariant 10: one that comes in several is put together in memory of just its size, known from its head. A buffer
 * that grows as bytes come, or pieces that are joined at the end, would hold a large row two to four times.
 */
export function createFrames(handlers: FrameHandlers, largestBytes: number): (piece: Buffer) => void {
  /** What has come of a head. */
  let stub: Buffer | null = null;
  let message: Buffer | null = null;
  let filled = 0;
  /** Of the last message that was put together, until the garbage collector has come by: nobody looks at it any more. */
  let spare: WeakRef<ArrayBufferLike> | null = null;
  let over = false;

  function deliver(bytes: Buffer, from: number, to: number): void {
    if (bytes[from] === copyData) handlers.onCopyData(bytes, from + headBytes, to);
    else handlers.onOther(bytes.subarray(from, to));
  }

  /** Returns where in `piece` the next message begins. */
  function fill(piece: Buffer, whole: Buffer): number {
    const taken = piece.copy(whole, filled);
    filled += taken;
    if (filled === whole.length) {
      message = null;
      deliver(whole, 0, whole.length);
    }
    return taken;
  }

  function begin(piece: Buffer, at: number, length: number): void {
    const old = length < largeBytes ? undefined : spare?.deref();
    if (old && old.byteLength >= length) message = Buffer.from(old, 0, length);
    else message = Buffer.allocUnsafe(length);
    if (length >= largeBytes) spare = new WeakRef(message.buffer);
    filled = piece.copy(message, 0, at);
  }

  function refuse(piece: Buffer, at: number, length: number): boolean {
    if (length - headBytes <= largestBytes || piece[at] !== copyData) return false;
    // A piece may end behind the head: what names the row comes with the next.
    if (piece.length - at < headBytes + shownBytes) {
      stub = Buffer.from(piece.subarray(at));
      return true;
    }
    over = true;
    handlers.onOversized(piece.subarray(at + headBytes, at + headBytes + shownBytes), length - headBytes);
    return true;
  }

  return (next) => {
    if (over) return;
    const piece = stub ? Buffer.concat([stub, next]) : next;
    stub = null;
    let at = message ? fill(piece, message) : 0;
    while (piece.length - at >= headBytes) {
      const length = 1 + piece.readUInt32BE(at + 1);
      if (refuse(piece, at, length)) return;
      if (piece.length - at < length) return begin(piece, at, length);
      deliver(piece, at, at + length);
      at += length;
    }
    if (at < piece.length) stub = Buffer.from(piece.subarray(at));
  };
}
