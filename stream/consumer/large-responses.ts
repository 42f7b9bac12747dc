/** What is looked at of a kafkajs connection, as version 2.2.4 has it. */
export interface Receiving {
  /** Pieces of the responses that have not come whole. */
  chunks: Buffer[];
  bytesBuffered: number;
  /** Of the first of them, its length's own four included; four while that is not known. */
  readonly bytesNeeded: number;
  processData(piece: Buffer): void;
}

/** Below it pieces are few and young, and joining them costs less than looking after them. */
const largeBytes = 1 << 20;

interface Filling {
  readonly whole: Buffer;
  /** The connection's `chunks` as they were left: others once it is opened again (`stream/connections.ts`). */
  readonly rest: readonly Buffer[];
  filled: number;
}

/**
 * Invariant 10: kafkajs keeps a response's pieces, of 64 KiB each, until the last has come, and then joins them: a record of
 * 15 MiB is in memory twice. Here a large response is put together in memory of its size, and handed to kafkajs in one piece,
 * which it takes as it is.
 */
export function receiveLargeResponses(connections: Pick<Receiving, 'processData'>): void {
  const { processData } = connections;
  const fillings = new WeakMap<Receiving, Filling>();

  function begin(connection: Receiving): void {
    const { chunks, bytesNeeded, bytesBuffered } = connection;
    // Nothing is there to begin with where somebody else has taken it, or the same has been done to kafkajs before.
    if (bytesNeeded < largeBytes || bytesBuffered >= bytesNeeded || bytesBuffered === 0) return;
    const rest: Buffer[] = [];
    const filling = { whole: Buffer.allocUnsafeSlow(bytesNeeded), filled: 0, rest };
    for (const chunk of chunks) filling.filled += chunk.copy(filling.whole, filling.filled);
    connection.chunks = rest;
    connection.bytesBuffered = 0;
    fillings.set(connection, filling);
  }

  connections.processData = function (this: Receiving, piece: Buffer): void {
    const filling = fillings.get(this);
    if (filling?.rest !== this.chunks) {
      fillings.delete(this);
      processData.call(this, piece);
      return begin(this);
    }
    const taken = piece.copy(filling.whole, filling.filled);
    filling.filled += taken;
    if (filling.filled < filling.whole.length) return;
    fillings.delete(this);
    processData.call(this, filling.whole);
    if (taken < piece.length) this.processData(piece.subarray(taken));
  };
}
