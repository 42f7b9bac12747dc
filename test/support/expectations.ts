/**
 * What the stores of the test pipeline must hold, written a second time and in SQL: it shares nothing with our mapping,
 * so that a mistake there cannot hide here.
 */
export interface Expectation {
  /** The target's name in the store. */
  readonly target: string;
  /** As SQL writes it. */
  readonly table: string;
  /** Store column → SQL over the source table. */
  readonly columns: Readonly<Record<string, string>>;
  /** Key columns under their names in the store, in key order. */
  readonly key: readonly string[];
  readonly where: string;
  /** Columns have come since: a document from before one of them has no such field, which to a reader is NULL. */
  readonly hasGrown?: boolean;
}

const same = (...columns: string[]): Record<string, string> => Object.fromEntries(columns.map((name) => [name, name]));

const documentColumns = ['id', 'title', 'body', 'tags', 'data', 'rating', 'published_at', 'active', 'revision'];

/** The replica: all rows, all columns; one table under another name, one with a column under another name. */
export const replicaExpectations: readonly Expectation[] = [
  {
    target: 'accounts',
    table: 'accounts',
    columns: same('id', 'owner', 'balance', 'revision'),
    key: ['id'],
    where: 'true',
  },
  {
    target: 'safes',
    table: 'vaults',
    columns: { ...same('region', 'number', 'balance', 'revision'), title: 'label' },
    key: ['region', 'number'],
    where: 'true',
  },
  { target: 'documents', table: 'documents', columns: same(...documentColumns), key: ['id'], where: 'true' },
  {
    target: 'entries',
    table: 'entries',
    columns: same('id', 'account', 'amount', 'kind', 'note', 'revision'),
    key: ['id'],
    where: 'true',
  },
];

/** The index: select, rename and filter. Fields of four tables share one index, so some need names of their own. */
export const searchExpectations: readonly Expectation[] = [
  { target: 'accounts', table: 'accounts', columns: same('id', 'balance', 'revision'), key: ['id'], where: 'true' },
  {
    target: 'safes',
    table: 'vaults',
    columns: { ...same('region', 'number', 'balance', 'revision'), name: 'label' },
    key: ['region', 'number'],
    where: 'true',
  },
  {
    target: 'documents',
    table: 'documents',
    columns: {
      ...same('body', 'tags', 'data', 'rating', 'published_at', 'active', 'revision'),
      document_id: 'id',
      headline: 'title',
    },
    key: ['document_id'],
    where: 'active',
  },
  {
    target: 'entries',
    table: 'entries',
    columns: same('id', 'account', 'amount', 'kind', 'note', 'revision'),
    key: ['id'],
    where: `kind is not null and kind <> 'debit'`,
  },
];

/** The same as a pipeline file says it. */
export const replicaTables = {
  'public.accounts': {},
  'public.vaults': { into: 'safes', rename: { label: 'title' } },
  'public.documents': {},
  'public.entries': {},
};

export const searchTables = {
  'public.accounts': { select: ['id', 'balance', 'revision'] },
  'public.vaults': { into: 'safes', rename: { label: 'name' } },
  'public.documents': { rename: { id: 'document_id', title: 'headline' }, filter: { active: { equals: true } } },
  'public.entries': { filter: { kind: { notEquals: 'debit' } } },
};

/** What a rebuild with a new definition must lead to: other names, another filter. */
export const newReplicaTables = {
  ...replicaTables,
  'public.documents': { rename: { title: 'heading' }, filter: { active: { equals: true } } },
};

export const newReplicaExpectations: readonly Expectation[] = replicaExpectations.map((one) =>
  one.target === 'documents'
    ? {
        ...one,
        columns: { ...same(...documentColumns.filter((name) => name !== 'title')), heading: 'title' },
        where: 'active',
      }
    : one,
);

export const newSearchTables = {
  ...searchTables,
  'public.documents': { rename: { id: 'document_id', title: 'caption' } },
};

export const newSearchExpectations: readonly Expectation[] = searchExpectations.map((one) => {
  if (one.target !== 'documents') return one;
  const { headline: title, ...columns } = one.columns;
  return { ...one, columns: { ...columns, caption: title ?? 'title' }, where: 'true' };
});
