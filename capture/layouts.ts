import { formatTableName } from '../model/change';
import type { Column, TableSchema } from '../model/schema';
import type { Relation } from './pgoutput';
import { recreated, schemaChanged } from './relations';

/** A column as the stream describes it, to be told in the catalogue's words. */
export type StreamedColumn = Pick<Relation['columns'][number], 'name' | 'typeId' | 'typeModifier'>;

/**
 * The captured tables as the stream describes them. Rows come in the layout that their transaction saw, which may be an
 * older one than the catalogue's, also when the change of the table was long undone: what counts is what the stream says.
 * It names types by number alone, so a description that is new is first looked up in the source.
 */
export interface Layouts {
  /** `of` can answer at once. Always true of a table that is not captured. */
  knows(relation: Relation): boolean;
  learn(relation: Relation): Promise<void>;
  /** The table in this layout; null for one that is not captured. Throws `Blocked` schema-changed. */
  of(relation: Relation): TableSchema | null;
}

export function createLayouts(input: {
  readonly tables: readonly TableSchema[];
  readonly describe: (columns: readonly StreamedColumn[]) => Promise<readonly Column[]>;
}): Layouts {
  const byId = new Map(input.tables.map((table) => [table.relationId, table]));
  const names = new Set(input.tables.map((table) => table.name));
  const known = new Map<string, TableSchema>();

  return {
    knows: (relation) => !byId.has(relation.relationId) || known.has(signatureOf(relation)),
    async learn(relation) {
      const table = byId.get(relation.relationId);
      if (!table) return;
      const described = await input.describe(relation.columns);
      const before = new Map(table.columns.map((column) => [column.name, column]));
      const columns = described.map((column) => ({ ...column, notNull: before.get(column.name)?.notNull ?? false }));
      known.set(signatureOf(relation), { ...table, columns });
    },
    of(relation) {
      const table = known.get(signatureOf(relation));
      if (table) {
        const lost = table.key.filter((name) => !table.columns.some((column) => column.name === name));
        if (lost.length > 0) throw schemaChanged(table.name, `column ${lost.join(', ')} of its key is gone`);
        return table;
      }
      const name = formatTableName(relation);
      if (names.has(name)) throw recreated(name);
      return null;
    },
  };
}

function signatureOf({ relationId, columns }: Relation): string {
  return JSON.stringify([relationId, columns.map(({ name, typeId, typeModifier }) => [name, typeId, typeModifier])]);
}
