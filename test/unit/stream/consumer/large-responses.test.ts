import { createRequire } from 'node:module';
import { receiveLargeResponses, type Receiving } from '../../../../stream/consumer/large-responses';
import { announceSeed, seeded } from '../../../support/random';

const MiB = 1024 * 1024;

interface Response {
  readonly correlationId: number;
  readonly payload: Buffer;
}

const { prototype } = createRequire(__filename)('kafkajs/src/network/connection') as { readonly prototype: Receiving };

/** A connection as kafkajs reads it, its prototype a copy; `prepared` so many times. */
function connection(prepared: number): { connection: Receiving; responses: Response[] } {
  const responses: Response[] = [];
  const requestQueue = { fulfillRequest: (response: Response) => responses.push(response) };
  const reads = Object.create(prototype) as Pick<Receiving, 'processData'>;
  for (let times = 0; times < prepared; times += 1) receiveLargeResponses(reads);
  const state = { chunks: [], bytesBuffered: 0, bytesNeeded: 4, authHandlers: null, requestQueue };
  return { connection: Object.assign(Object.create(reads) as Receiving, state), responses };
}

function framed({ correlationId, payload }: Response): Buffer {
  const head = Buffer.alloc(8);
  head.writeInt32BE(payload.length + 4, 0);
  head.writeInt32BE(correlationId, 4);
  return Buffer.concat([head, payload]);
}

test('large and small responses come out as they went in, however the socket cuts them', () => {
  const random = seeded(announceSeed('large responses'));
  for (let round = 0; round < 20; round += 1) {
    const sent = Array.from({ length: random.between(2, 6) }, (_, at) => ({
      correlationId: at,
      payload: Buffer.alloc(random.chance(0.4) ? random.between(MiB - 20, 3 * MiB) : random.between(0, 100), at + 1),
    }));
    const { connection: read, responses } = connection(random.between(1, 2));
    const bytes = Buffer.concat(sent.map(framed));
    const ends = new Set<number>();
    for (let at = 0; at < bytes.length; at = Math.min(bytes.length, at + random.between(1, 64 * 1024))) ends.add(at);
    // Also in the very length of a response, and one byte behind it.
    let from = 0;
    for (const response of sent) {
      ends.add(from + random.between(1, 4));
      from += framed(response).length;
      ends.add(from - 1);
    }
    const cuts = [...ends, bytes.length].sort((left, right) => left - right);
    cuts.forEach((end, at) => read.processData(bytes.subarray(cuts[at - 1] ?? 0, end)));
    expect(responses.map(({ correlationId }) => correlationId)).toEqual(sent.map(({ correlationId }) => correlationId));
    for (const [at, { payload }] of sent.entries()) expect(responses[at]?.payload.equals(payload)).toBe(true);
  }
});

/** Bytes that are held at the most while a response of 15 MiB comes in pieces of 64 KiB that are kept by nobody else. */
function heldFor(prepared: number): number {
  const { connection: read, responses } = connection(prepared);
  const bytes = framed({ correlationId: 1, payload: Buffer.alloc(15 * MiB, 1) });
  let held = 0;
  const real = { unsafe: Buffer.allocUnsafe.bind(Buffer), slow: Buffer.allocUnsafeSlow.bind(Buffer) };
  const counting = (allocate: typeof Buffer.allocUnsafe) => (size: number) => {
    held += size;
    return allocate(size);
  };
  jest.spyOn(Buffer, 'allocUnsafe').mockImplementation(counting(real.unsafe));
  jest.spyOn(Buffer, 'allocUnsafeSlow').mockImplementation(counting(real.slow));
  let kept = 0;
  try {
    for (let at = 0; at < bytes.length; at += 64 * 1024) {
      read.processData(bytes.subarray(at, at + 64 * 1024));
      // Pieces that wait to be joined are held besides.
      kept = Math.max(
        kept,
        read.chunks.reduce((sum, chunk) => sum + chunk.length, 0),
      );
    }
  } finally {
    jest.restoreAllMocks();
  }
  expect(responses).toHaveLength(1);
  return held + kept;
}

test('a large response takes its size in memory', () => {
  expect(heldFor(1)).toBeLessThan(15.5 * MiB);
});

test('control: as kafkajs does it by itself, it takes twice that', () => {
  expect(heldFor(0)).toBeGreaterThan(29 * MiB);
});
