import type { Value } from '../../model/change';
import { InvalidConfig } from '../../model/errors';
import { documentId } from '../../model/names';
import { missing } from '../ownership';
import type { Document, Generation, KeyRange } from '../store';
import type { Answer } from './connection';
import { readLayout, type ColumnLayout, type TableLayout } from './layout';
import { generationSchema, quote } from './names';
import { withConnection, type Site } from './site';

/** One page in the order of the primary key, values as changes carry them. */
export async function scanGeneration(
  site: Site,
  { generation, range, limit }: { generation: Generation; range: KeyRange; limit: number },
): Promise<Document[]> {
  return withConnection(site, async (connection) => {
    const layout = await readLayout(connection, generationSchema(site.schema, generation.number));
    if (layout.size === 0) throw missing(generation);
    const table = layout.get(range.target);
    if (!table) throw new InvalidConfig(`${site.what}: generation ${generation.number} has no table ${range.target}.`);
    const after = range.after === null ? [] : keyOf(range.after, table);
    const text = pageText(table, after.length > 0);
    const { rows } = await connection.query({ text, values: [...after, limit], asText: true });
    return rows.map((row) => toDocument(row, table));
  });
}

function pageText({ relation, columns, key }: TableLayout, continued: boolean): string {
  const names = key.map(({ name }) => quote(name)).join(', ');
  const after = key.map(({ type }, index) => `$${index + 1}::text::${type}`).join(', ');
  // Not cast to text: that is another form for some types (character(n) loses its blanks, inet gains a mask).
  return `select ${columns.map(({ name }, index) => `${quote(name)} as c${index}`).join(', ')} from ${relation}
${continued ? `where (${names}) > (${after})` : ''} order by ${names} limit $${continued ? key.length + 1 : 1}`;
}

/** The key's texts from a document id: the inverse of `documentId`. */
function keyOf(id: string, { key, target }: TableLayout): string[] {
  const parts = id.split('/').map((part) => part.replace(/%2F|%25/g, (escape) => (escape === '%2F' ? '/' : '%')));
  if (parts.length !== key.length + 1) throw new RangeError(`A document id of ${target} has ${key.length} key parts.`);
  return parts.slice(1);
}

function toDocument(row: Answer['rows'][number], { columns, key, target }: TableLayout): Document {
  const body: Record<string, Value> = {};
  columns.forEach((column, index) => {
    const text = row[`c${index}`];
    body[column.name] = typeof text === 'string' ? toValue(text, column) : null;
  });
  const values = key.map(({ name }) => body[name]);
  return { id: documentId(target, values), target, body };
}

/** As model/change says: booleans, int2, int4, oid and finite floats are JSON scalars, everything else is text. */
function toValue(text: string, { baseType }: ColumnLayout): Value {
  switch (baseType) {
    case 'bool':
      return text === 't';
    case 'int2':
    case 'int4':
    case 'oid':
      return Number(text);
    case 'float4':
    case 'float8':
      return Number.isFinite(Number(text)) ? Number(text) : text;
    default:
      return text;
  }
}
