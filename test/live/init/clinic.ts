import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from '../../support/database';
import type { Expectation } from '../../support/expectations';
import { projectFolder } from '../../support/project';

const read = (name: string) => readFileSync(join(projectFolder, 'test/live/init', name), 'utf8');

/** The clinic's tables, and some thousand rows in them. */
export async function createClinic(source: Database): Promise<void> {
  await source.query(read('clinic.sql'));
  await source.query(read('clinic-rows.sql'));
}

/** Inserts, updates, deletes and key changes in every table; each text is one transaction. */
export function clinicWrites(): string[] {
  return read('clinic-writes.sql').split(/\n\n+/);
}

/** Table → its name in the stores and its key, in key order: what `init` must come to, written a second time. */
const captured: Readonly<Record<string, { readonly target: string; readonly key: readonly string[] }>> = {
  'lab.people': { target: 'lab_people', key: ['id'] },
  'lab.results': { target: 'results', key: ['sample', 'test'] },
  'lab.samples': { target: 'samples', key: ['id'] },
  'public."Ward Rounds"': { target: 'Ward Rounds', key: ['Round No'] },
  'public.beds': { target: 'beds', key: ['ward', 'number'] },
  'public.counters': { target: 'counters', key: ['place'] },
  'public.doctors': { target: 'doctors', key: ['id'] },
  'public.invoice_lines': { target: 'invoice_lines', key: ['invoice', 'line'] },
  'public.invoices': { target: 'invoices', key: ['id'] },
  'public.letters': { target: 'letters', key: ['id'] },
  'public.people': { target: 'people', key: ['id'] },
  'public.person_tags': { target: 'person_tags', key: ['tag', 'person'] },
  'public.readings': { target: 'readings', key: ['person', 'at'] },
  'public.stays': { target: 'stays', key: ['id'] },
  'public.stickers': { target: 'stickers', key: ['code'] },
  'public.tags': { target: 'tags', key: ['name'] },
  'public.wards': { target: 'wards', key: ['code'] },
};
export const capturedTables = Object.keys(captured);

/** Fields of an index that cannot have the column's own name. */
const fields: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'lab.samples': { id: 'samples_id' },
  'public.wards': { code: 'wards_code' },
  'public.people': { id: 'people_id', joined: 'people_joined' },
  'public.invoices': { _state: 'state_2', 'paid.on': 'paid_on' },
};

/** What each store must hold, in plain SQL over the source's own catalogue: every column. */
export async function clinicExpectations(source: Database): Promise<Record<'replica' | 'search', Expectation[]>> {
  const columns = await source.query(
    `select attrelid::regclass::text as relation, attname as name, atttypid in ('bpchar'::regtype, 'inet'::regtype) as recast
       from pg_attribute where attrelid = any($1::regclass[]::oid[]) and attnum > 0 order by attnum`,
    [capturedTables],
  );
  const names = await source.query('select t as table, t::regclass::text as relation from unnest($1::text[]) t', [
    capturedTables,
  ]);
  const expectations = (inIndex: boolean) =>
    names.map(({ table, relation }): Expectation => {
      const { target, key } = captured[String(table)] ?? { target: '', key: [] };
      const named = (name: string) => (inIndex ? (fields[String(table)]?.[name] ?? name) : name);
      const own = columns.filter((column) => column['relation'] === relation);
      // SQL's cast to text makes something else of these; a document has the value as PostgreSQL writes it.
      const written = (name: string) => `case when ${quoted(name)} is not null then format('%s', ${quoted(name)}) end`;
      const sql = (name: string, recast: boolean) => (inIndex && recast ? written(name) : quoted(name));
      return {
        target,
        table: String(table),
        columns: Object.fromEntries(
          own.map(({ name, recast }) => [named(String(name)), sql(String(name), recast === true)]),
        ),
        key: key.map(named),
        where: 'true',
      };
    });
  return { replica: expectations(false), search: expectations(true) };
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
