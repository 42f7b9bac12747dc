import { suggest } from '../../model/did-you-mean';
import { finding, type Finding } from '../../model/finding';
import { documentsOf, targetColumns } from '../../model/mapping';
import type { StoreDefinition } from '../../model/pipeline';
import type { TableSchema } from '../../model/schema';
import { qualified, quote } from './names';

type Definition = Extract<StoreDefinition, { type: 'postgres' }>;

/** What is asked for and cannot be had: a table or a column that the store has not. Pure. */
export function indexProblems(
  store: string,
  definition: Definition,
  catalogue: readonly TableSchema[],
): readonly Finding[] {
  const columns = new Map(
    catalogue.flatMap((table) =>
      documentsOf(definition, table.name).map(
        ({ target, mapping }) => [target, targetColumns(table, mapping).map(({ name }) => name)] as const,
      ),
    ),
  );
  return Object.entries(definition.indexes ?? {}).flatMap(([target, indexes]) => {
    const where = `stores.${store}.indexes.${target}`;
    const held = columns.get(target);
    if (!held) {
      const cure = suggest(target, [...columns.keys()], `The store has ${[...columns.keys()].join(', ')}.`);
      return [finding('column-unknown', { where, what: `the store has no table '${target}'.`, cure })];
    }
    return indexes.flat().flatMap((name) => {
      if (held.includes(name)) return [];
      const cure = suggest(name, held, `It has ${held.join(', ')}.`);
      return [finding('column-unknown', { where, what: `'${target}' has no column '${name}' in the store.`, cure })];
    });
  });
}

/**
 * Statements for the indexes that readers want, on tables that are still empty. Never unique: rows of one commit reach
 * the table in another order than at the source, and two of them may hold one value for a moment.
 */
export function indexStatements(schema: string, { indexes = {} }: Definition): readonly string[] {
  return Object.entries(indexes).flatMap(([target, all]) =>
    all.map((names) => `create index on ${qualified(schema, target)} (${names.map(quote).join(', ')})`),
  );
}
