import fc from 'fast-check';
import { readStatuses } from '../../../stores/elasticsearch/statuses';

const written = ['{"index":{"status":201}}', '{"index":{"status":200}}', '{"delete":{"status":200}}'];
const answerOf = (items: readonly string[]) => `{"items":[${items.join(',')}]}`;

test('an answer of which every item went well is what it is to a parser, item by item', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...written), { minLength: 1, maxLength: 20 }), (items) => {
      const text = answerOf(items);
      expect(readStatuses(text)).toEqual(JSON.parse(text));
    }),
  );
});

test('what differs from it by a character, wherever that stands, is left to a parser or read as by one', () => {
  const items = fc.array(fc.constantFrom(...written), { minLength: 1, maxLength: 4 });
  const part = fc.constantFrom('', ...'{}[],":01249 \\', '{"index":{"status":409}}', ...written);
  fc.assert(
    fc.property(items, fc.nat(), fc.nat(3), part, (good, place, removed, put) => {
      const text = answerOf(good);
      const at = place % (text.length + 1);
      const changed = `${text.slice(0, at)}${put}${text.slice(at + removed)}`;
      const read = readStatuses(changed);
      if (read !== null) expect(read).toEqual(JSON.parse(changed));
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  ['an item that failed', answerOf([...written, '{"index":{"status":429,"error":{"type":"busy"}}}'])],
  ['one that was not there', answerOf(['{"delete":{"status":404}}'])],
  ['a conflict without its error', answerOf(['{"index":{"status":409}}', ...written])],
  ['an answer that was cut off', answerOf(written).slice(0, -1)],
  ['one with something behind it', `${answerOf(written)} `],
  ['a comma behind the last item', `{"items":[${written.join(',')},]}`],
  ['no item', answerOf([])],
  ['an error for all', '{"error":{"type":"index_not_found_exception"}}'],
  ['nothing', ''],
])('%s is for a parser to read', (_, text) => {
  expect(readStatuses(text)).toBeNull();
});
