import { idsBeginWith } from '../../../model/mapping';
import { documentId } from '../../../model/names';
import { generationIndex, generationNumber, idRange, writeAlias } from '../../../stores/elasticsearch/names';
import { lane, owner } from '../../contract/fixture';

test('a generation is found again by its index, and nobody else is taken for one', () => {
  expect(generationNumber('shop', generationIndex('shop', 12))).toBe(12);
  for (const name of [
    'shop',
    'shop-g',
    'shop-g0',
    'shop-g01',
    'shop-g1-lane0-nobody',
    'shop-gifts',
    'other-g1',
    'shop2-g1',
  ]) {
    expect(generationNumber('shop', name)).toBeNull();
  }
});

test('every attempt has a write alias of its own, allowed and short enough', () => {
  const index = generationIndex(`a${'b'.repeat(99)}`, 999_999_999);
  const owners = [
    null,
    owner(1, 1),
    owner(1, 2),
    owner(2, 1),
    { ...owner(1, 1), runId: 'RUN' },
    { ...owner(1, 1), activityId: 'ä/*'.repeat(400) },
  ];
  const names = owners.map((each) => writeAlias(index, lane, each));
  expect(new Set(names).size).toBe(owners.length);
  for (const name of names) {
    expect(name).toMatch(/^[a-z][a-z0-9-]*$/);
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
  }
  expect(writeAlias(index, lane, owner(1))).toBe(writeAlias(index, lane, owner(1)));
});

test("a target's range holds its ids and no other's", () => {
  const { gte, lt = '' } = idRange(idsBeginWith({ target: 'or/ders', mapping: {} }));
  const inside = (id: string) =>
    Buffer.compare(Buffer.from(id), Buffer.from(gte)) >= 0 && Buffer.compare(Buffer.from(id), Buffer.from(lt)) < 0;
  for (const key of ['', '1', '/', '%', '\u{10ffff}', '\u0001'])
    expect(inside(documentId('or/ders', [key]))).toBe(true);
  for (const target of ['or', 'or/dersx', 'or/der', 'or%2Fders', 'or/ders.', 'or/ders/x', '_slipstream']) {
    expect(inside(documentId(target, ['1']))).toBe(false);
  }
});
