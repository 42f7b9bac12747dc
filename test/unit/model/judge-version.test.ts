import { judgeVersion, type ColumnFit, type VersionVerdict } from '../../../model/judge-version';

const columns = (list: string) =>
  list.split(' ').map((each) => {
    const [name = '', type = 'text'] = each.split(':');
    return { name, column: { type } };
  });

/** How a version fits what is held, as a store would say it. */
function fitOf(version: string, held: string): ColumnFit {
  const [wanted, has] = [columns(version), columns(held)];
  const typeIn = (all: ReturnType<typeof columns>, name: string) => all.find((each) => each.name === name)?.column.type;
  return {
    absent: wanted.filter(({ name }) => typeIn(has, name) === undefined).map(({ name }) => name),
    other: wanted
      .filter(({ name, column }) => ![undefined, column.type].includes(typeIn(has, name)))
      .map(({ name }) => name),
    surplus: has.filter(({ name }) => typeIn(wanted, name) === undefined).map(({ name }) => name),
  };
}

/** What a generation that holds `held` does with records of `version`, when the source has `now`. */
function judge(
  version: string,
  held: string,
  now: string,
  { filters = [], shadowed = [] }: { readonly filters?: readonly string[]; readonly shadowed?: readonly string[] } = {},
): VersionVerdict {
  return judgeVersion({
    shadowed,
    version: columns(version),
    fit: fitOf(version, held),
    filters,
    present: { columns: columns(now), fit: fitOf(now, held) },
  });
}

it.each<[string, string, string, string, VersionVerdict | string]>([
  ['nothing differs', 'id a', 'id a', 'id a', { kind: 'as-is' }],
  ['nothing differs, and the source has gone on', 'id a', 'id a', 'id b', { kind: 'as-is' }],
  // What is to come.
  ['a column was added', 'id a b', 'id a', 'id a b', { kind: 'extend', names: ['b'] }],
  ['two were added, one of them since', 'id a b', 'id a', 'id a b c', { kind: 'extend', names: ['b'] }],
  [
    'a column was added and dropped again',
    'id a b',
    'id a',
    'id a',
    { kind: 'reshape', taken: ['id', 'a'], empty: [] },
  ],
  [
    'a column was added, then got another type',
    'id a b',
    'id a',
    'id a b:int',
    { kind: 'reshape', taken: ['id', 'a'], empty: [] },
  ],
  ['a column was dropped', 'id', 'id a', 'id', 'a'],
  ['a column got another name', 'id b', 'id a', 'id b', 'a'],
  ['a column got another type', 'id a:int', 'id a', 'id a:int', 'another type'],
  ['a column got another type twice', 'id a:int', 'id a', 'id a:date', 'another type'],
  ['a column got another type, and was dropped', 'id a:int', 'id a', 'id', 'another type'],
  // What is of the past: the generation was made later than the record.
  ['a record of before a column', 'id', 'id a', 'id a', { kind: 'reshape', taken: ['id'], empty: ['a'] }],
  ['a record with a column that is gone', 'id a b', 'id a', 'id a', { kind: 'reshape', taken: ['id', 'a'], empty: [] }],
  [
    'a record of before a column’s other name',
    'id a',
    'id b',
    'id b',
    { kind: 'reshape', taken: ['id'], empty: ['b'] },
  ],
  [
    'a record of before a column’s other type',
    'id a',
    'id a:int',
    'id a:int',
    { kind: 'reshape', taken: ['id'], empty: ['a'] },
  ],
])('%s: a record of (%s) for a generation of (%s), the source has (%s)', (_case, version, held, now, expected) => {
  const verdict = judge(version, held, now);
  if (typeof expected === 'object') expect(verdict).toEqual(expected);
  else expect(verdict).toEqual({ kind: 'rebuild', why: expect.stringContaining(expected) as string });
});

it('a filter whose column is gone asks for another generation, whatever else fits', () => {
  expect(judge('id a', 'id a', 'id a', { filters: ['active'] })).toMatchObject({
    kind: 'rebuild',
    why: expect.stringContaining('active') as string,
  });
});

it('a column under a name that the mapping has for something else asks for another generation, whatever fits', () => {
  expect(judge('id a', 'id a', 'id a', { shadowed: ['a'] })).toMatchObject({
    kind: 'rebuild',
    why: expect.stringContaining('column a has come') as string,
  });
});

it('every pair of forms leads to the present one: whatever a generation does is done once, or says rebuild', () => {
  const forms = ['id', 'id a', 'id b', 'id a b', 'id a:int', 'id a:int b'];
  for (const held of forms) {
    for (const version of forms) {
      for (const now of forms) {
        const verdict = judge(version, held, now);
        if (verdict.kind !== 'extend') continue;
        // With the columns that it asks for, the same record asks for no more.
        const added = columns(now).filter(({ name }) => verdict.names.includes(name));
        const extended = [held, ...added.map(({ name, column }) => `${name}:${column.type}`)].join(' ');
        expect(judge(version, extended, now).kind).not.toBe('extend');
      }
    }
  }
});
