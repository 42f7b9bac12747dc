import { InvalidConfig } from '../../model/errors';
import { allDocuments, documentsOf, targetColumns } from '../../model/mapping';
import type { StoreDefinition } from '../../model/pipeline';
import type { Column, TableSchema } from '../../model/schema';
import { isFieldName } from './field-names';
import { furtherFields, overrideOf, settingProblems } from './overrides';

/** A field of the index, as Elasticsearch's mapping writes it. */
export type Field = Readonly<Record<string, unknown>>;

/** A keyword term may have 32,766 bytes, and a character up to four: a longer value is held, but not indexed. */
const keyword: Field = { type: 'keyword', ignore_above: 8_191 };

/**
 * Documents hold every value as it travels (model/change.ts), so that they can be compared with the source byte by byte;
 * what Elasticsearch makes of it is only how it is found. A value that is right in PostgreSQL and has no place in the
 * field's type (infinity, NaN, a year before Christ) must not stop the lane: it is held, not indexed, and listed in the
 * document's `_ignored`. Whole numbers always fit, so their field refuses what is none.
 */
const whole: Field = { type: 'long' };
const approximate: Field = { type: 'double', ignore_malformed: true };
/** Range, sort and sums by the nearest double; `.exact` finds the digits as they are. */
const decimal: Field = { ...approximate, fields: { exact: keyword } };
const words: Field = { type: 'text', fields: { keyword } };
const opaque: Field = { type: 'keyword', index: false, doc_values: false };

const day = 'uuuu-MM-dd';
/** PostgreSQL drops trailing zeros of the fraction. Dates are indexed to the millisecond; the text has all digits. */
const instants = ['', '.S', '.SS', '.SSS', '.SSSS', '.SSSSS', '.SSSSSS'].map(
  (fraction) => `${day} HH:mm:ss${fraction}`,
);
const date = (formats: readonly string[]): Field => ({
  type: 'date',
  format: [...formats, 'strict_date_optional_time'].join('||'),
  ignore_malformed: true,
});

const byType: ReadonlyMap<string, Field> = new Map(
  Object.entries<Field>({
    bool: { type: 'boolean' },
    int2: whole,
    int4: whole,
    int8: whole,
    oid: whole,
    float4: approximate,
    float8: approximate,
    numeric: decimal,
    text: words,
    varchar: words,
    bpchar: words,
    citext: words,
    name: words,
    date: date([day]),
    timestamp: date(instants),
    timestamptz: date(instants.map((format) => `${format}X`)),
    // As text: parsed, each key would be a field of its own, and the first document would decide the types of all.
    json: { type: 'text' },
    jsonb: { type: 'text' },
    xml: { type: 'text' },
    bytea: opaque,
    // What mappings make (model/rules/result-type.ts). A list is many keywords; JSON is held as it is, for the same reason.
    iso8601: date([]),
    list: keyword,
    nested: { type: 'object', enabled: false },
  }),
);

/** What is not listed (uuid, enums, inet, arrays, intervals, ranges …) is found by its whole text. */
export function fieldOf(column: Pick<Column, 'baseType'>): Field {
  return byType.get(column.baseType) ?? keyword;
}

/** The field that a column becomes: as the pipeline file asks, else as its type gives. */
export function fieldFor(
  definition: StoreDefinition,
  { name, column }: { readonly name: string; readonly column: Pick<Column, 'baseType'> },
): Field {
  const asked = definition.type === 'elasticsearch' ? overrideOf(definition, name) : undefined;
  return asked ?? fieldOf(column);
}

/** Why a column cannot be a field: its place is `<table>.<column>`. */
export interface FieldProblem {
  readonly place: string;
  readonly what: string;
  readonly cure: string;
}

/**
 * The fields of all tables of a store, which share one index. Throws `InvalidConfig` with every problem: a name that
 * Elasticsearch keeps for itself, or one field that two tables give two types.
 */
export function fieldsOf(
  definition: StoreDefinition,
  catalogue: readonly TableSchema[],
): Readonly<Record<string, Field>> {
  const survey = surveyFields(definition, catalogue);
  const ofSettings = definition.type === 'elasticsearch' ? settingProblems(definition) : [];
  const { fields } = survey;
  const problems = [...ofSettings, ...survey.problems];
  if (problems.length === 0) return fields;
  const told = problems.map(({ place, what, cure }) => `  - ${place}: ${what} ${cure}`);
  throw new InvalidConfig(`The index cannot hold these tables:\n${told.join('\n')}`);
}

/** The same, for those who want to see all of it. */
export function surveyFields(
  definition: StoreDefinition,
  catalogue: readonly TableSchema[],
): { readonly fields: Readonly<Record<string, Field>>; readonly problems: readonly FieldProblem[] } {
  const tables = new Map(catalogue.map((table) => [table.name, table]));
  const fields = new Map<string, { readonly field: Field; readonly place: string; readonly type: string }>();
  const problems: FieldProblem[] = [];
  for (const name of Object.keys(definition.tables)) {
    const table = tables.get(name);
    if (!table) {
      const what = `the source has no table ${name}.`;
      problems.push({ place: name, what, cure: 'Remove it from the store or create it.' });
      continue;
    }
    const all = documentsOf(definition, name).flatMap(({ mapping }) => targetColumns(table, mapping));
    for (const { source, name: fieldName, column } of all) {
      const place = `${name}.${source ?? `fields.${fieldName}`}`;
      if (!isFieldName(fieldName)) {
        const what = `'${fieldName}' cannot be a field (it begins with _, has a dot, or is blank).`;
        problems.push({ place, what, cure: 'Rename it.' });
        continue;
      }
      const field = fieldFor(definition, { name: fieldName, column });
      const other = fields.get(fieldName);
      if (other && JSON.stringify(other.field) !== JSON.stringify(field)) {
        const what = `field '${fieldName}' would be ${column.type} here and ${other.type} for ${other.place}.`;
        problems.push({ place, what, cure: 'All tables share one index, so rename one of them.' });
      }
      fields.set(fieldName, other ?? { field, place, type: column.type });
    }
  }
  const ofColumns = Object.fromEntries([...fields].map(([name, { field }]) => [name, field]));
  if (definition.type !== 'elasticsearch') return { fields: ofColumns, problems };
  const further = furtherFields(definition, Object.keys(ofColumns));
  return { fields: { ...ofColumns, ...further.fields }, problems: [...problems, ...further.problems] };
}

/** Target → the fields that its documents have. */
export function fieldsByTarget(
  definition: StoreDefinition,
  catalogue: readonly TableSchema[],
): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    allDocuments(definition).flatMap(({ table: source, target, mapping }) => {
      const table = catalogue.find(({ name }) => name === source);
      return table ? [[target, targetColumns(table, mapping).map(({ name }) => name)]] : [];
    }),
  );
}
