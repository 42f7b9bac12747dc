import { firstShapes } from '../../soak/side-tables';
import { drawTableChange, tableChangeKinds, type Shape, type TableChange } from '../../soak/table-changes';
import { seeded } from '../../support/random';

function drawn(table: Shape['table'], count: number, seed = 3): TableChange[] {
  const random = seeded(seed);
  let shape = firstShapes.find((one) => one.table === table);
  if (!shape) throw new Error(`There is no ${table}.`);
  const changes: TableChange[] = [];
  for (let at = 0; at < count; at += 1) {
    const change = drawTableChange(shape, random);
    changes.push(change);
    shape = change.after;
  }
  return changes;
}

test('every kind is drawn, and the same ones by the same seed', () => {
  const changes = drawn('sheets', 200);
  expect(new Set(changes.map(({ kind }) => kind))).toEqual(new Set(tableChangeKinds));
  expect(drawn('sheets', 200)).toEqual(changes);
  expect(drawn('sheets', 200, 4)).not.toEqual(changes);
});

test('no column that stores take changes, and no name comes back', () => {
  const changes = drawn('sheets', 500);
  const names = changes.flatMap(({ clause }) => /^add column (\S+)|to (sheets_\d+)$/.exec(clause)?.slice(1) ?? []);
  const known = names.filter((name) => name !== undefined);
  expect(new Set(known).size).toBe(known.length);
  expect(changes.filter(({ clause }) => /\b(id|sheet_title|revision)\b/.test(clause))).toEqual([]);
});

test('of a table that is taken whole nothing goes, and it does not grow for ever', () => {
  const changes = drawn('forms', 500);
  expect(new Set(changes.map(({ kind }) => kind))).toEqual(new Set(['add', 'add-filled', 'default']));
  expect(changes.at(-1)?.after.columns.length).toBeLessThan(100);
});
