import { judge } from '../../support/accepted-versions';
import { compareRows, describeDifferences } from '../../support/differences';
import { checkLog } from '../../support/log-check';
import type { LoggedChange } from '../../support/log-contents';
import { seeded } from '../../support/random';

const version = (revision: number | null, key = '1', generation = 'g1') => ({ generation, target: 't', key, revision });

describe('what a store accepted', () => {
  it('is in order when revisions of a row only grow, deletes between them', () => {
    expect(judge([version(1), version(null), version(2), version(1, '2'), version(3)])).toEqual({
      backInTime: [],
      repeated: [],
    });
  });

  it('went back in time when a lower revision follows a higher one, a delete between them or not', () => {
    expect(judge([version(2), version(1)]).backInTime).toEqual([version(1)]);
    expect(judge([version(2), version(null), version(1)]).backInTime).toEqual([version(1)]);
  });

  it('was repeated when a revision comes again in the same generation', () => {
    expect(judge([version(2), version(2)]).repeated).toEqual([version(2)]);
    expect(judge([version(2), version(2, '1', 'g2')]).repeated).toEqual([]);
  });
});

describe('comparison of rows', () => {
  const rows = (entries: Record<string, Record<string, string | null>>) => new Map(Object.entries(entries));

  it('finds nothing when both sides are equal', () => {
    expect(compareRows('t', rows({ a: { x: '1', y: null } }), rows({ a: { y: null, x: '1' } }))).toEqual([]);
  });

  it('finds what is missing, what is too much, and what differs, columns too many included', () => {
    const differences = compareRows(
      't',
      rows({ a: { x: '1' }, b: { x: '1' }, c: { x: null } }),
      rows({ b: { x: '2' }, c: { x: null, y: '1' }, d: { x: '1' } }),
    );
    expect(differences.map(({ key, kind }) => `${key} ${kind}`)).toEqual([
      'a missing in the store',
      'b different',
      'c different',
      'd only in the store',
    ]);
    expect(describeDifferences(differences, 2)).toMatch(/^4 differences\n.*\n.*\n {2}… and 2 more$/s);
  });
});

describe('check of the log', () => {
  const change = (lsn: number, index: number, revision: number, operation: LoggedChange['operation'] = 'c') => ({
    ...{ table: 't', partition: 0, offset: revision, operation, revision, index, key: '' },
    lsn: BigInt(lsn),
  });
  const entry = (revision: number, operation = 'c') => ({ table: 't', operation, revision });

  it('finds nothing wrong when each committed change stands there once and in order', () => {
    const log = [change(10, 1, 1), change(10, 2, 2), change(9, 0, 7, 'r'), change(11, 1, 1, 'd')];
    expect(checkLog(log, [entry(1), entry(2), entry(1, 'd')])).toEqual({
      ...{ changes: 3, lost: [], repeated: [], aborted: [], disordered: [] },
    });
  });

  it('finds what is lost, repeated, never committed and out of order', () => {
    const log = [change(12, 1, 3), change(10, 1, 1), change(12, 1, 3), change(13, 1, 9)];
    const verdict = checkLog(log, [entry(1), entry(2), entry(3)]);
    expect(verdict.lost).toEqual(['t c revision 2']);
    expect(verdict.repeated).toEqual(['t c revision 3 at 12/1']);
    expect(verdict.aborted).toEqual(['t c revision 9 at 13/1']);
    expect(verdict.disordered).toEqual(['t c revision 1 at 10/1, offset 1']);
  });

  it('takes a TRUNCATE for what it is: one position for all its deletes, and each of a row that is there', () => {
    const keyed = (lsn: number, index: number, revision: number, operation: 'c' | 'd', key: string) => ({
      ...change(lsn, index, revision, operation),
      key,
    });
    const written = [keyed(10, 1, 1, 'c', 'a'), keyed(10, 2, 2, 'c', 'b')];
    const truncated = [keyed(11, 1, NaN, 'd', 'a'), keyed(11, 1, NaN, 'd', 'b')];
    const ledger = [entry(1), entry(2)];
    const none = { lost: [], repeated: [], aborted: [], disordered: [] };
    expect(checkLog([...written, ...truncated], ledger)).toEqual({ changes: 4, ...none });
    const { repeated } = checkLog([...written, ...truncated, keyed(11, 1, NaN, 'd', 'a')], ledger);
    expect(repeated).toEqual(['t a deleted by a TRUNCATE at 11/1, and not there']);
    const { disordered } = checkLog([...written, keyed(9, 1, NaN, 'd', 'a')], ledger);
    expect(disordered).toHaveLength(1);
  });
});

it('a seed gives the same numbers again, in the whole range', () => {
  const draw = () =>
    Array.from(
      { length: 1000 },
      (
        (random) => () =>
          random.between(1, 6)
      )(seeded(42)),
    );
  expect(draw()).toEqual(draw());
  expect(new Set(draw())).toEqual(new Set([1, 2, 3, 4, 5, 6]));
});
