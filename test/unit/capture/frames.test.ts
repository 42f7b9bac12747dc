import type * as PgParser from 'pg-protocol/dist/parser';
import { createFrames } from '../../../capture/frames';
import { announceSeed, seeded } from '../../support/random';

const MiB = 1024 * 1024;

interface Message {
  readonly kind: string;
  readonly content: Buffer;
}

function bytesOf({ kind, content }: Message): Buffer {
  const head = Buffer.alloc(5);
  head.write(kind, 0, 'latin1');
  head.writeUInt32BE(content.length + 4, 1);
  return Buffer.concat([head, content]);
}

/** What is handed on, copied at once: a view does not outlive its call. */
function framing(largestBytes = MiB) {
  const seen: Message[] = [];
  const oversized: { head: Buffer; bytes: number }[] = [];
  const accept = createFrames(
    {
      onCopyData: (bytes, from, to) => seen.push({ kind: 'd', content: Buffer.from(bytes.subarray(from, to)) }),
      onOversized: (head, bytes) => oversized.push({ head: Buffer.from(head), bytes }),
      onOther: (whole) => seen.push({ kind: whole.toString('latin1', 0, 1), content: Buffer.from(whole.subarray(5)) }),
    },
    largestBytes,
  );
  return { accept, seen, oversized };
}

it('gives out every message, however its bytes are cut into pieces', () => {
  const random = seeded(announceSeed('frames'));
  for (let round = 0; round < 300; round += 1) {
    const messages = Array.from({ length: random.between(1, 30) }, (_, at) => ({
      kind: random.pick(['d', 'd', 'd', 'S', 'C', 'Z']),
      content: Buffer.alloc(random.chance(0.1) ? random.between(500, 5_000) : random.between(0, 60), at),
    }));
    const bytes = Buffer.concat(messages.map(bytesOf));
    const largest = random.pick([1, 6, 100, 10_000]);
    const { accept, seen } = framing();
    for (let at = 0; at < bytes.length;) {
      const end = Math.min(bytes.length, at + random.between(1, largest));
      // A socket's memory may be written again once it has been looked at.
      const piece = Buffer.from(bytes.subarray(at, end));
      accept(piece);
      piece.fill(0xee);
      at = end;
    }
    expect(seen.length).toBe(messages.length);
    expect(Buffer.concat(seen.map(bytesOf)).equals(bytes)).toBe(true);
  }
});

it('does not move a message that lies whole in its piece', () => {
  const piece = Buffer.concat([
    bytesOf({ kind: 'd', content: Buffer.from('one') }),
    bytesOf({ kind: 'd', content: Buffer.from('two') }),
  ]);
  const within: boolean[] = [];
  createFrames(
    {
      onCopyData: (bytes) => within.push(bytes === piece),
      onOversized: () => undefined,
      onOther: () => undefined,
    },
    MiB,
  )(piece);
  expect(within).toEqual([true, true]);
});

/** The most that is allocated outside the heap while a message of so many bytes comes in pieces as a socket's. */
function allocatedFor(contentBytes: number, accept: (piece: Buffer) => void): number {
  const real = Buffer.allocUnsafe.bind(Buffer);
  let allocated = 0;
  jest.spyOn(Buffer, 'allocUnsafe').mockImplementation((bytes: number) => {
    allocated += bytes;
    return real(bytes);
  });
  try {
    const head = bytesOf({ kind: 'd', content: Buffer.alloc(0) });
    head.writeUInt32BE(contentBytes + 4, 1);
    const piece = Buffer.alloc(64 * 1024);
    head.copy(piece);
    for (let left = contentBytes + head.length; left > 0; left -= piece.length) {
      accept(left < piece.length ? piece.subarray(0, left) : piece);
      piece.fill(1);
    }
  } finally {
    jest.restoreAllMocks();
  }
  return allocated;
}

it('takes for a message of many pieces its own size of memory and no more', () => {
  const { accept, seen } = framing(32 * MiB);
  expect(allocatedFor(15 * MiB, accept)).toBeLessThan(15 * MiB + 1024);
  expect(seen.map(({ content }) => content.length)).toEqual([15 * MiB]);
});

it('takes for a large message that follows the same memory again', () => {
  const { accept } = framing(32 * MiB);
  allocatedFor(15 * MiB, accept);
  expect(allocatedFor(14 * MiB, accept)).toBeLessThan(1024);
  expect(allocatedFor(16 * MiB, accept)).toBeGreaterThan(16 * MiB);
});

it("control: pg's own parser, whose buffer doubles, takes three times as much", () => {
  const { Parser } = jest.requireActual<typeof PgParser>('pg-protocol/dist/parser');
  const parser = new Parser();
  expect(allocatedFor(15 * MiB, (piece) => parser.parse(piece, () => undefined))).toBeGreaterThan(2 * 15 * MiB);
});

it('refuses a message that is too large by its head, and reads nothing of what follows', () => {
  for (const cut of [1, 4, 5, 30, 69, 200]) {
    const { accept, seen, oversized } = framing(1_000);
    const content = Buffer.from(Array.from({ length: 2_000 }, (_, at) => at % 251));
    const bytes = Buffer.concat([
      bytesOf({ kind: 'd', content: Buffer.from('before') }),
      bytesOf({ kind: 'd', content }),
    ]);
    const first = bytes.length - 2_005 + cut;
    for (const piece of [
      bytes.subarray(0, first),
      bytes.subarray(first),
      bytesOf({ kind: 'd', content: Buffer.from('behind') }),
    ]) {
      accept(piece);
    }
    expect(seen.map((message) => message.content.toString())).toEqual(['before']);
    expect(oversized).toEqual([{ head: content.subarray(0, 64), bytes: 2_000 }]);
  }
});

it('takes a message of just the largest size', () => {
  const { accept, seen, oversized } = framing(1_000);
  accept(bytesOf({ kind: 'd', content: Buffer.alloc(1_000) }));
  expect([seen.length, oversized.length]).toEqual([1, 0]);
});
