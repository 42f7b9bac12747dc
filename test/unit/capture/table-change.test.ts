import {
  judgeTableChange,
  noPartitionMoved,
  type CopyExtent,
  type TableState,
  type TableVerdict,
} from '../../../capture/table-change';

const column = (name: string, type = 'text') => ({ name, type, baseType: type.replace(/\(.*/, '') });

const before: TableState = {
  relationId: 7,
  columns: [column('id', 'int4'), column('name'), column('size', 'int4')],
  key: ['id'],
  numbers: { id: 1, name: 2, size: 3 },
  filled: ['id'],
  partitions: { '70': 'items_1', '71': 'items_2' },
  ...noPartitionMoved,
};
const [id, name, size] = before.columns as [
  TableState['columns'][0],
  TableState['columns'][0],
  TableState['columns'][0],
];
const extra = column('extra');
const numbers = (more: Record<string, number>) => ({ ...before.numbers, ...more });

it.each<[string, Partial<TableState>, TableVerdict['kind'], string?]>([
  ['nothing', {}, 'same'],
  ['a default', { filled: ['id', 'name'] }, 'same'],
  [
    'a column comes, NULL in every row',
    { columns: [id, name, size, extra], numbers: numbers({ extra: 4 }) },
    'goes-on',
  ],
  [
    'a column comes with a default, NOT NULL, as identity or generated',
    { columns: [id, name, size, extra], filled: ['id', 'extra'], numbers: numbers({ extra: 4 }) },
    'copy',
    'extra',
  ],
  ['a column goes', { columns: [id, name] }, 'goes-on'],
  ['a column gets another name', { columns: [id, column('title'), size] }, 'copy', 'name gave way to title'],
  ['a column gets another type', { columns: [id, name, column('size', 'int8')] }, 'copy', 'size'],
  ['a column gets another precision', { columns: [id, name, column('size', 'numeric(4,1)')] }, 'copy', 'size'],
  ['a text gets another length', { columns: [id, column('name', 'varchar(9)'), size] }, 'goes-on'],
  [
    'a column is dropped and added again',
    { numbers: numbers({ size: 4 }) },
    'copy',
    'size was dropped and added again',
  ],
  ['columns in another order', { columns: [id, size, name] }, 'goes-on'],
  ['the key has another column', { key: ['id', 'name'] }, 'blocked', 'its key was (id) and is (id, name)'],
  ['the key has another order', { key: ['name'] }, 'blocked', 'key'],
  [
    "the key's column gets another name",
    { key: ['number'], columns: [column('number', 'int4'), name, size] },
    'blocked',
    'its key was (id) and is (number)',
  ],
  ["the key's column gets another type", { columns: [column('id', 'int8'), name, size] }, 'blocked', 'id of its key'],
  ['the table is made anew', { relationId: 8 }, 'blocked', 'dropped and created again'],
  ['an empty partition comes', { partitions: { ...before.partitions, '72': 'items_3' } }, 'same'],
  [
    'a partition comes with rows',
    { partitions: { ...before.partitions, '72': 'items_3' }, attachedRows: ['items_3'] },
    'copy',
    'items_3',
  ],
  ['a partition goes', { partitions: { '70': 'items_1' } }, 'copy', 'items_2 was detached or dropped'],
  ['the last one goes', { partitions: {} }, 'copy', 'items_1, items_2 was detached or dropped'],
  [
    'one goes while another comes',
    { partitions: { '70': 'items_1', '72': 'items_3' }, attachedRows: ['items_3'] },
    'copy',
    'items_2 was detached or dropped; partition items_3 was attached with rows',
  ],
  ['one goes and comes back', { returned: ['items_2'] }, 'copy', 'items_2 was detached for a while'],
  ['one gets another file', { rewritten: ['items_2'] }, 'copy', 'items_2 was truncated or rewritten'],
  ['one goes from a table made anew', { relationId: 8, partitions: {} }, 'blocked', 'dropped and created again'],
])('%s', (_case, change, kind, why = '') => {
  const verdict = judgeTableChange(before, { ...before, ...change });
  expect(verdict.kind).toBe(kind);
  if (why !== '') expect(verdict).toMatchObject({ why: expect.stringContaining(why) as string });
});

it.each<[string, Partial<TableState>, CopyExtent]>([
  ['rows that came are copied', { attachedRows: ['items_3'] }, 'rows'],
  ['keys that may be gone are looked for', { partitions: { '70': 'items_1' } }, 'keys'],
  ['so are those of a file that was emptied', { rewritten: ['items_2'] }, 'keys'],
  ['what was away may have lost rows, and have others', { returned: ['items_2'] }, 'both'],
  ['a swap is both', { partitions: { '70': 'items_1', '72': 'items_3' }, attachedRows: ['items_3'] }, 'both'],
  [
    'so is a partition gone beside a column of another type',
    { columns: [id, name, column('size', 'int8')], partitions: {} },
    'both',
  ],
])('%s', (_case, change, extent) => {
  expect(judgeTableChange(before, { ...before, ...change })).toMatchObject({ kind: 'copy', extent });
});

it.each<[string, Partial<TableState>, Partial<TableState>, TableVerdict['kind']]>([
  ['numbers nobody noted down', { numbers: null }, {}, 'same'],
  ['partitions nobody noted down', { partitions: null }, { partitions: {} }, 'same'],
])('%s tell nothing', (_case, was, now, kind) => {
  expect(judgeTableChange({ ...before, ...was }, { ...before, ...now }).kind).toBe(kind);
});
