import { openAbsentColumns } from '../../../activities/absent-columns';
import type { Outcome, Row } from '../../../model/change';
import type { StoreDefinition } from '../../../model/pipeline';
import type { RowReader, WantedColumns } from '../../../capture/source/row-reader';

const never = new AbortController().signal;
const outcome: Outcome = {
  ...{ table: 'public.docs', key: { id: 7 }, after: { id: 7, name: 'a' }, absent: ['note', 'more'], schemaId: null },
  transaction: { xid: 9, committedAt: 1_000 },
};

function definition(mapping: StoreDefinition['tables'][string]): StoreDefinition {
  return { type: 'postgres', url: { env: 'X' }, schema: 's', tables: { 'public.docs': mapping } };
}

/** A source with one row, or none. */
function world(mapping: StoreDefinition['tables'][string], row: Row | null = { note: 'N', more: 'M' }) {
  const asked: WantedColumns[] = [];
  const opened: string[] = [];
  const reader: RowReader = {
    async read(wanted) {
      asked.push(wanted);
      return row && Object.fromEntries(wanted.columns.map((column) => [column, row[column] ?? null]));
    },
    async close() {
      opened.push('closed');
    },
  };
  const absent = openAbsentColumns(definition(mapping), () => {
    opened.push('opened');
    return reader;
  });
  return { asked, opened, absent };
}

it('reads what is absent, by key, and tells for which transaction', async () => {
  const { absent, asked } = world({});
  expect(await absent.complete(outcome, never)).toMatchObject({ after: { id: 7, name: 'a', note: 'N', more: 'M' } });
  expect(asked).toEqual([
    { table: 'public.docs', key: { id: 7 }, columns: ['note', 'more'], transaction: outcome.transaction },
  ]);
});

it.each<[string, StoreDefinition['tables'][string], string[][]]>([
  ['one that is selected', { select: ['id', 'note'] }, [['note']]],
  ['one that a filter looks at', { select: ['id'], filter: { more: { isNull: false } } }, [['more']]],
  ['none that the store does not take', { select: ['id', 'name'] }, []],
])('reads %s', async (_, mapping, columns) => {
  const { absent, asked } = world(mapping);
  await absent.complete(outcome, never);
  expect(asked.map((each) => each.columns)).toEqual(columns);
});

it('a row that is gone at the source leaves nothing: its delete comes later in the log', async () => {
  const { absent } = world({}, null);
  expect(await absent.complete(outcome, never)).toMatchObject({ key: { id: 7 }, after: null });
});

it('connects when it has to, and once', async () => {
  const { absent, opened } = world({});
  await absent.close();
  expect(opened).toEqual([]);
  await absent.complete(outcome, never);
  await absent.complete(outcome, never);
  await absent.close();
  expect(opened).toEqual(['opened', 'closed']);
});
