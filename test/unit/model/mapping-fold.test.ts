import fc from 'fast-check';
import type { Row } from '../../../model/change';
import { createMapping, type Mapping } from '../../../model/mapping';
import type { StoreDefinition } from '../../../model/pipeline';
import type { Column } from '../../../model/schema';

const column = (name: string, type: string): Column => ({
  ...{ name, typeId: 1, type, baseType: type, notNull: false, generated: false },
});
const columns = [column('id', 'int4'), column('n', 'numeric')];
const definition: StoreDefinition = {
  ...{ type: 'elasticsearch', url: { env: 'URL' }, index: 'shop' },
  tables: {
    'public.items': {
      documents: [
        { into: 'all' },
        { into: 'large', where: { column: 'n', atLeast: 5 } },
        { into: 'small', where: { column: 'n', less: 5 }, fields: { kind: { constant: 'small' } } },
      ],
    },
  },
};

/** Id → n, or undefined for a delete: what happened to rows, in order. */
const history = fc.array(
  fc.record({
    id: fc.integer({ min: 1, max: 3 }),
    n: fc.option(fc.constantFrom('4.99', '5', '5.00', null), { nil: undefined }),
  }),
  { maxLength: 12 },
);
type History = readonly { readonly id: number; readonly n: string | null | undefined }[];

const rowOf = ({ id, n }: History[number]): Row | null => (n === undefined ? null : { id, n });

function fold(mapping: Mapping, events: History): ReadonlyMap<string, unknown> {
  const documents = new Map<string, unknown>();
  events.forEach((event, at) => {
    const change = { table: 'public.items', key: { id: event.id }, after: rowOf(event), schemaId: 'v' };
    for (const { id, document } of mapping(change, String(at), columns)) {
      if (document === null) documents.delete(id);
      else documents.set(id, document);
    }
  });
  return documents;
}

/** The store as the rows that are there in the end would have it. */
function expected(events: History): ReadonlyMap<string, unknown> {
  const last = new Map(events.map((event) => [event.id, rowOf(event)]));
  const documents = new Map<string, unknown>();
  for (const [id, row] of last) {
    if (!row) continue;
    documents.set(`all/${id}`, row);
    if (row['n'] === null) continue;
    if (Number(row['n']) >= 5) documents.set(`large/${id}`, row);
    else documents.set(`small/${id}`, { ...row, kind: 'small' });
  }
  return documents;
}

const sorted = (documents: ReadonlyMap<string, unknown>) =>
  [...documents].sort(([left], [right]) => (left < right ? -1 : 1));

function holdsFor(mapping: Mapping) {
  return fc.property(history, fc.nat(), (events, cut) => {
    expect(sorted(fold(mapping, events))).toEqual(sorted(expected(events)));
    // Any suffix that has the last record of each key will do, as compaction leaves it; and a part read twice changes nothing.
    const compacted = events.filter(({ id }, at) => !events.slice(at + 1).some((later) => later.id === id));
    expect(sorted(fold(mapping, compacted))).toEqual(sorted(expected(events)));
    const again = [...events, ...events.slice(events.length === 0 ? 0 : cut % events.length)];
    expect(sorted(fold(mapping, again))).toEqual(sorted(expected(events)));
  });
}

test('rows that leave a predicate are gone, those that enter are there, whatever the way', () => {
  fc.assert(holdsFor(createMapping(definition)), { numRuns: 500 });
});

/** Control: a mapping that has nothing to say of rows outside of its predicate leaves their documents behind. */
test('control: without the deletes of rows outside, documents stay behind', () => {
  const mapping = createMapping(definition);
  const forgetful: Mapping = (change, version, known) =>
    mapping(change, version, known).filter(({ document }) => change.after === null || document !== null);
  expect(() => fc.assert(holdsFor(forgetful), { numRuns: 500 })).toThrow(/Property failed/);
});
