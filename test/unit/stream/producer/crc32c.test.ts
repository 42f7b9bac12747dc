import { crc32c, crc32cByScript } from '../../../../stream/producer/crc32c';
import { seededRandom } from '../seeded-random';

/** The definition, a bit at a time. */
function bitwise(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

const both = [
  ['the one in use', crc32c],
  ['the script', crc32cByScript],
] as const;

test('on this platform the processor does it', () => expect(crc32c).not.toBe(crc32cByScript));

test.each(both)('%s: the vectors of RFC 3720, and the usual one', (_name, crc32c) => {
  const ascending = Uint8Array.from({ length: 32 }, (_, at) => at);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  expect(crc32c(ascending)).toBe(0x46dd794e);
  expect(crc32c(ascending.toReversed())).toBe(0x113fdb5c);
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(0))).toBe(0);
});

test.each(both)('%s: whatever the length, and wherever in its buffer it begins', (_name, crc32c) => {
  const random = seededRandom();
  const noise = Uint8Array.from({ length: 200 }, () => random.below(256));
  for (let start = 0; start < 9; start += 1) {
    for (let end = start; end <= noise.length; end += 1) {
      const bytes = noise.subarray(start, end);
      expect([start, end, crc32c(bytes)]).toEqual([start, end, bitwise(bytes)]);
    }
  }
});
