import type { Client } from 'pg';
import { found, madeSamples, madeTypes, samples } from './samples';

/** An SQL expression, `$` in it for a parameter that is `text`. */
interface Sample {
  readonly expression: string;
  readonly text: string | null;
}

export interface TypedColumn {
  readonly name: string;
  /** As SQL writes it. */
  readonly type: string;
  /** One a row, then from the beginning; without any, all are NULL. */
  readonly values: readonly Sample[];
}

/** One column per type, one per array of it, and those that people make. */
export const typedColumns: readonly TypedColumn[] = [
  ...Object.entries(samples).flatMap(([name, texts]): TypedColumn[] => {
    const type = `pg_catalog."${name}"`;
    const query = found[name];
    const values = query === undefined ? texts.map(inputOf(type)) : [{ expression: `(${query})`, text: null }];
    const column = { name: `c_${name}`, type, values };
    if (texts.length === 0) return [column];
    const all = arrayText([null, ...texts], name === 'box' ? ';' : ',');
    return [column, { name: `a_${name}`, type: `${type}[]`, values: [inputOf(`${type}[]`)(all)] }];
  }),
  ...Object.entries(madeSamples).map(([type, texts], at) => ({
    name: `m_${at}`,
    type,
    values: texts.map(inputOf(type)),
  })),
];

/** More than any type has samples: one row that has none is NULL in all columns. */
export const typedRows = Math.max(...typedColumns.map(({ values }) => values.length)) + 1;

/** Makes the types and what some values need to exist. */
export async function makeTypes(client: Client): Promise<void> {
  for (const statement of madeTypes) await client.query(statement);
}

/** `typed`, empty, with the column of each type called as `typedColumns` says. */
export const typedTable = `create table typed (id int primary key, ${typedColumns.map(({ name, type }) => `"${name}" ${type}`).join(', ')})`;

/** What the samples that are found need to be found. */
export const makeFindable: readonly string[] = [
  'create table public."Odd ""Table" (a int default 7, b int)',
  'insert into public."Odd ""Table" select n % 5, n % 5 from generate_series(1, 100) n',
  'create statistics odd (ndistinct, dependencies, mcv) on a, b from public."Odd ""Table"',
  'analyze public."Odd ""Table"',
];

/** Row 1 has the first sample of each type, row 2 the second …; the last row is NULL throughout. */
export async function fillTyped(client: Client): Promise<void> {
  for (let row = 1; row <= typedRows; row += 1) {
    const texts: (string | null)[] = [];
    const expressions = typedColumns.map(({ values }) => {
      const sample = row === typedRows ? undefined : values[(row - 1) % Math.max(values.length, 1)];
      if (sample === undefined) return 'null';
      if (sample.text === null) return sample.expression;
      texts.push(sample.text);
      return sample.expression.replace('$', () => `$${texts.length}`);
    });
    await client.query(`insert into typed values (${row}, ${expressions.join(', ')})`, texts);
  }
}

function inputOf(type: string): (text: string) => Sample {
  return (text) => ({ expression: `$::${type}`, text });
}

function arrayText(texts: readonly (string | null)[], separator: string): string {
  const elements = texts.map((text) => (text === null ? 'NULL' : `"${text.replace(/["\\]/g, '\\$&')}"`));
  return `{${elements.join(separator)}}`;
}
