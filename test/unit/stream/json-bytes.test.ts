import { mostBytesPerByte, writeCount, writeText } from '../../../stream/json-bytes';
import { seededRandom } from './seeded-random';

const written = (write: (into: Buffer) => number, room: number) => {
  const into = Buffer.alloc(room + 1, 0x2e);
  const end = write(into);
  expect(into[room]).toBe(0x2e);
  return into.toString('utf8', 0, end);
};

const asText = (bytes: Buffer) =>
  written((into) => writeText(into, 0, { bytes, from: 0, to: bytes.length }), mostBytesPerByte * bytes.length + 2);

it('a text is written as JSON.stringify writes it, every byte value by itself and among others, in the room it is said to take', () => {
  for (let byte = 0; byte < 256; byte += 1) {
    for (const bytes of [Buffer.from([byte]), Buffer.from([0x61, byte, 0x62]), Buffer.alloc(9, byte)]) {
      expect(asText(bytes)).toBe(JSON.stringify(bytes.toString('utf8')));
    }
  }
});

it('and so are texts of any characters', () => {
  const random = seededRandom();
  const characters = [...'abc "\\/\b\f\n\r\t\u0000\u001f\u007f\u2028éß日🎈'];
  for (let round = 0; round < 2_000; round += 1) {
    const text = Array.from({ length: random.below(40) }, () => random.pick(characters)).join('');
    expect(asText(Buffer.from(text))).toBe(JSON.stringify(text));
  }
});

it('only the part that is asked for is looked at', () => {
  const bytes = Buffer.from('"é|plain|é"');
  const from = bytes.indexOf('|') + 1;
  const part = { bytes, from, to: bytes.lastIndexOf('|') };
  expect(written((into) => writeText(into, 0, part), 32)).toBe('"plain"');
});

it.each([0, 1, 9, 10, 99, 100, 4_000, 999_999, 1_000_000, 2 ** 31, 2 ** 32 + 7, Number.MAX_SAFE_INTEGER])(
  'a count is written in its digits: %d',
  (count) => {
    expect(written((into) => writeCount(into, 0, count), 20)).toBe(String(count));
  },
);
