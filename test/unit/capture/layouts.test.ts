import { createLayouts, type StreamedColumn } from '../../../capture/layouts';
import type { Relation } from '../../../capture/pgoutput';
import type { TableSchema } from '../../../model/schema';

const described = ({ name, typeId }: StreamedColumn) => ({
  ...{ name, typeId, type: `type ${typeId}`, baseType: 'text', notNull: false, generated: false },
});
const streamed = (name: string, typeId = 25, typeModifier = -1) => ({ identity: true, name, typeId, typeModifier });
const items: TableSchema = {
  ...{ name: 'public.items', relationId: 7, key: ['id'], replicaIdentity: 'f', estimatedRows: -1 },
  columns: [{ ...described(streamed('id', 23)), notNull: true }, described(streamed('name'))],
};
const relation = (columns: Relation['columns'], more: Partial<Relation> = {}): Relation => ({
  ...{ relationId: 7, schema: 'public', table: 'items', columns },
  ...more,
});

function layouts() {
  const asked: string[] = [];
  const describe = async (columns: readonly StreamedColumn[]) => {
    asked.push(columns.map(({ name }) => name).join(' '));
    return columns.map(described);
  };
  return { asked, layouts: createLayouts({ tables: [items], describe }) };
}

it('asks the source once for each layout, also for one that differs in a type or its modifier alone', async () => {
  const { asked, layouts: known } = layouts();
  const first = relation([streamed('id', 23), streamed('name')]);
  const retyped = relation([streamed('id', 23), streamed('name', 1043, 14)]);
  const shortened = relation([streamed('id', 23), streamed('name', 1043, 9)]);
  for (const each of [first, retyped, shortened]) {
    expect(known.knows(each)).toBe(false);
    await known.learn(each);
    expect(known.knows(each)).toBe(true);
  }
  expect(asked).toHaveLength(3);
  expect(known.of(first)).toEqual(items);
  expect(known.of(retyped)?.columns[1]?.type).toBe('type 1043');
});

it('a table under another name is the same table', async () => {
  const { layouts: known } = layouts();
  const renamed = relation([streamed('id', 23)], { table: 'things' });
  await known.learn(renamed);
  expect(known.of(renamed)).toMatchObject({ name: 'public.items', columns: [{ name: 'id' }] });
});

it('another table under the same name is not', () => {
  const { layouts: known } = layouts();
  const again = relation([streamed('id', 23)], { relationId: 8 });
  expect(known.knows(again)).toBe(true);
  expect(() => known.of(again)).toThrow(/dropped and created again/);
  expect(known.of(relation([streamed('x')], { relationId: 9, table: 'other' }))).toBeNull();
});

it('a layout without a column of the key has no place in the log', async () => {
  const { layouts: known } = layouts();
  const keyless = relation([streamed('number', 23), streamed('name')]);
  await known.learn(keyless);
  expect(() => known.of(keyless)).toThrow(/column id of its key is gone/);
});
