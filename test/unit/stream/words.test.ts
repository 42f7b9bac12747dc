import {
  bytesBeyond,
  constantOf,
  copyWords,
  firstUnplain,
  targetOf,
  viewOf,
  writeConstant,
} from '../../../stream/words';
import { seededRandom } from './seeded-random';

/** What `JSON.stringify` leaves as it is, one byte at a time. */
const isPlain = (byte: number) => byte < 0x80 && JSON.stringify(String.fromCharCode(byte)).length === 3;

it('the first byte of a word that JSON writes otherwise is found, whatever stands before and behind it', () => {
  const random = seededRandom();
  const edges = [0x00, 0x01, 0x1f, 0x20, 0x21, 0x22, 0x23, 0x5b, 0x5c, 0x5d, 0x7e, 0x7f, 0x80, 0x81, 0xa2, 0xdc, 0xff];
  const words = [
    ...Array.from({ length: 256 }, (_, byte) => [0, 1, 2, 3].map((at) => Buffer.alloc(4, 'a').fill(byte, at, at + 1))),
    ...Array.from({ length: 20_000 }, () => [Buffer.from([0, 1, 2, 3].map(() => random.pick(edges)))]),
  ].flat();
  const wrong = words.filter((word) => {
    const first = word.findIndex((byte) => !isPlain(byte));
    return firstUnplain(word.readInt32LE()) !== (first < 0 ? 4 : first);
  });
  expect(wrong).toEqual([]);
  expect(words.filter((word) => firstUnplain(word.readInt32LE()) === 4).length).toBeGreaterThan(500);
});

it('bytes are copied whole from any place to any place, and no further behind them than is said', () => {
  const source = Buffer.from(Array.from({ length: 64 }, (_, at) => 0xff - at));
  const view = viewOf(source.subarray(2));
  for (let length = 0; length <= 20; length += 1) {
    for (let from = 0; from < 4; from += 1) {
      for (let start = 1; start < 5; start += 1) {
        const into = targetOf(40);
        into.memory.fill(7);
        expect(copyWords(into.view, start, { view, from, to: from + length })).toBe(start + length);
        const bytes = source.subarray(2 + from, 2 + from + length);
        expect(into.memory.subarray(start, start + length).equals(bytes)).toBe(true);
        expect(into.memory[start - 1]).toBe(7);
        expect(into.memory.subarray(start + length + bytesBeyond).every((byte) => byte === 7)).toBe(true);
        into.memory.fill(7);
        expect(writeConstant(into.view, start, constantOf(bytes))).toBe(start + length);
        expect(into.memory.subarray(start, start + length).equals(bytes)).toBe(true);
        expect(into.memory.subarray(start + length + bytesBeyond).every((byte) => byte === 7)).toBe(true);
      }
    }
  }
});
