import { InvalidConfig } from '../../model/errors';
import { describeFinding } from '../../model/finding';
import { judgeMapping } from '../../model/judge-mapping';
import { targetColumns, targetOf } from '../../model/mapping';
import type { TableMapping } from '../../model/pipeline';
import type { TableSchema } from '../../model/schema';
import type { Connection } from './connection';
import { quote } from './names';
import type { Site } from './site';

/** Target → the body of its `create table`. Throws `InvalidConfig` with every problem of the mapping. */
export async function targetTables(connection: Connection, site: Site): Promise<Map<string, string>> {
  const catalogue = new Map((await site.catalogue()).map((table) => [table.name, table]));
  const bodies = new Map<string, string>();
  const problems: string[] = [];
  for (const [name, mapping] of Object.entries(site.definition.tables)) {
    const table = catalogue.get(name);
    if (!table) {
      problems.push(`the source has no captured table ${name}.`);
      continue;
    }
    problems.push(...judgeMapping(name, table, mapping).map(describeFinding));
    bodies.set(targetOf(name, mapping), await tableBody(connection, table, mapping));
  }
  if (problems.length > 0) throw new InvalidConfig(`${site.what}: ${problems.join(' ')}`);
  return bodies;
}

/** Only the key is NOT NULL and unique: everything else is the source's to guarantee. */
async function tableBody(connection: Connection, table: TableSchema, mapping: TableMapping): Promise<string> {
  const columns = targetColumns(table, mapping);
  const types = await knownTypes(
    connection,
    columns.map(({ column }) => column.type),
  );
  const key = table.key.map((source) => columns.find((each) => each.source === source)?.name ?? source);
  const lines = columns.map(({ name, column }) => `${quote(name)} ${types.get(column.type) ?? 'text'}`);
  return [...lines, `primary key (${key.map(quote).join(', ')})`].join(', ');
}

/** The types that this database has too. An enum or domain that only the source has is kept as text. */
async function knownTypes(connection: Connection, types: readonly string[]): Promise<Map<string, string>> {
  const { rows } = await connection.query({
    text: 'select t as type from unnest($1::text[]) as t where to_regtype(t) is not null',
    values: [types],
  });
  return new Map(rows.map(({ type }) => [String(type), String(type)]));
}
