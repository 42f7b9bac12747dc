import {
  createStreamedXids,
  mustReadAgain,
  parseSnapshot,
  sees,
  streamedForm,
} from '../../../../capture/copy/snapshot';

const snapshot = (text: string) => parseSnapshot(text);
const wrap = 2n ** 32n;

describe('mustReadAgain', () => {
  it.each([
    ['nothing was streamed', '10:20:12,15', [], false],
    ['all of it ended before', '10:20:12,15', [5, 11, 13, 19], false],
    ['one is in progress still', '10:20:12,15', [5, 15], true],
    ['one is the first id not assigned', '10:20:12,15', [20], true],
    ['one began after the snapshot', '10:20:12,15', [21], true],
    ['none is in progress', '20:20:', [19], false],
    ['below the 32-bit border, snapshot above it', `${wrap - 2n}:${wrap + 5n}:`, [streamedForm(wrap - 1n)], false],
    ['in progress across the border', `${wrap - 2n}:${wrap + 5n}:${wrap - 1n}`, [streamedForm(wrap - 1n)], true],
    ['above the border, snapshot below it', `${wrap - 9n}:${wrap - 5n}:`, [streamedForm(wrap + 3n)], true],
    ['above the border and seen', `${wrap}:${wrap + 9n}:`, [streamedForm(wrap + 3n)], false],
    ['in a later epoch, in progress', `${7n * wrap + 1n}:${7n * wrap + 9n}:${7n * wrap + 4n}`, [4], true],
    ['in a later epoch, seen', `${7n * wrap + 1n}:${7n * wrap + 9n}:${7n * wrap + 4n}`, [3], false],
  ])('%s', (_case, text, streamedXids, expected) => {
    expect(mustReadAgain({ streamedXids, snapshot: snapshot(text) })).toBe(expected);
  });
});

describe('parseSnapshot', () => {
  it('reads 64-bit ids', () => {
    expect(parseSnapshot('1:18446744073709551615:2,3')).toEqual({ xmax: 18446744073709551615n, xip: [2n, 3n] });
  });

  it.each(['', '1:2', 'a:b:c'])('refuses %j', (text) => {
    expect(() => parseSnapshot(text)).toThrow(RangeError);
  });
});

describe('createStreamedXids', () => {
  it('asks a read for what was streamed before it was issued, and not for what came after', () => {
    const xids = createStreamedXids();
    xids.add(1);
    xids.issue();
    xids.add(2);
    expect([...xids.beforeIssue]).toEqual([1]);
    xids.issue();
    expect([...xids.beforeIssue]).toEqual([1, 2]);
  });

  it('keeps an id until a snapshot sees it', () => {
    const xids = createStreamedXids();
    [11, 12, 30].forEach((xid) => xids.add(xid));
    xids.issue();
    xids.forgetVisible(snapshot('10:20:12'));
    expect([...xids.beforeIssue]).toEqual([12, 30]);
    xids.forgetVisible(snapshot('31:31:'));
    expect(xids.size).toBe(0);
  });
});

describe('sees', () => {
  const day = 86_400_000;
  it.each<[string, string, number, number, boolean]>([
    ['what ended before', '10:20:12', 11, 0, true],
    ['not what is in progress', '10:20:12', 12, 0, false],
    ['not what is in progress, however long ago it was written', '10:20:12', 12, 30 * day, false],
    ['not what has just begun', '10:20:', 20, 0, false],
    ['what is so old that its id would count as one to come', '10:20:', 20, day, true],
    ['what is 2^31 ids old, once a day is over', `${2n ** 31n + 30n}:${2n ** 31n + 30n}:`, 20, day, true],
    ['control: the same by its id alone', `${2n ** 31n + 30n}:${2n ** 31n + 30n}:`, 20, 0, false],
  ])('%s', (_, text, xid, ageMs, expected) => expect(sees(snapshot(text), { xid, ageMs })).toBe(expected));
});
