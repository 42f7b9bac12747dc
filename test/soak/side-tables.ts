import type { Database } from '../support/database';
import type { Expectation } from '../support/expectations';
import type { SideTables } from '../support/scenario';
import type { StoreExpectations } from '../support/settle';
import type { Shape } from './table-changes';

/**
 * Two tables that change while a soak runs. Stores take three columns of `sheets`, so its others may come, go and change
 * their names and types; of `forms` they take whatever there is, so columns can only come. Both are emptied by TRUNCATE.
 */
export const firstShapes: readonly Shape[] = [
  { table: 'sheets', next: 2, columns: [{ name: 'sheets_1', type: 'smallint' }] },
  { table: 'forms', next: 2, columns: [{ name: 'forms_1', type: 'varchar(20)' }] },
];

const takenOfSheets = ['id', 'sheet_title', 'revision'];

export const sideTables: SideTables = {
  names: ['public.sheets', 'public.forms'],
  statements: [
    'create sequence side_ids',
    `create table sheets (id bigint primary key default nextval('side_ids'), sheet_title text, revision bigint not null,
       sheets_1 smallint)`,
    `create table forms (id bigint primary key default nextval('side_ids'), form_title text, revision bigint not null,
       forms_1 varchar(20))`,
    ...['sheets', 'forms'].flatMap((table) => [
      `create trigger revise before insert or update on ${table} for each row execute function next_revision()`,
      `insert into ${table} select from generate_series(1, 150)`,
      `create trigger write_ledger after insert or update or delete on ${table}
         for each row execute function write_ledger()`,
    ]),
  ],
  replica: { 'public.sheets': { select: takenOfSheets }, 'public.forms': {} },
  search: { 'public.sheets': { select: takenOfSheets }, 'public.forms': {} },
};

/** What both stores must hold of them now: of `forms`, the columns that it has by now. */
export async function sideExpectations(source: Database): Promise<readonly Expectation[]> {
  const columns = await columnsOf(source, 'forms');
  return [
    { target: 'sheets', table: 'sheets', columns: named(takenOfSheets), key: ['id'], where: 'true' },
    { target: 'forms', table: 'forms', columns: named(columns), key: ['id'], where: 'true', hasGrown: true },
  ];
}

/** The workload's own tables and these. */
export async function allExpectations(
  source: Database,
  own: Required<Pick<StoreExpectations, 'replica' | 'search'>>,
): Promise<Required<Pick<StoreExpectations, 'replica' | 'search'>>> {
  const more = await sideExpectations(source);
  return { replica: [...own.replica, ...more], search: [...own.search, ...more] };
}

export async function columnsOf(source: Database, table: string): Promise<string[]> {
  const rows = await source.query(
    `select attname from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped order by attnum`,
    [table],
  );
  return rows.map(({ attname }) => String(attname));
}

const named = (columns: readonly string[]) => Object.fromEntries(columns.map((name) => [name, name]));
