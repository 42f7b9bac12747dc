import type { Remark, Suggestion } from '../../model/inventory';
import type { Column, TableSchema } from '../../model/schema';
import { ruleOf } from '../../model/value-types';
import { mappingOf } from '../suggestion';

/** Types made by somebody, extensions included, have ids from here on: another database may not have them. */
const firstUserType = 16_384;

/** A replica takes every table as it is; what its database may lack is kept as text (`tables.ts`). */
export function suggestColumns(catalogue: readonly TableSchema[], targets: ReadonlyMap<string, string>): Suggestion {
  return {
    tables: Object.fromEntries(catalogue.map(({ name }) => [name, mappingOf(name, targets.get(name))])),
    remarks: catalogue.flatMap(({ name, columns, key }) =>
      columns.flatMap((column) => remarksOn(name, column, key.includes(column.name))),
    ),
  };
}

/** In the words of docs/types.md. */
function remarksOn(
  table: string,
  { name: column, generated, type, typeId, baseType, domainOf }: Column,
  inKey: boolean,
): Remark[] {
  const { equals, replica } = ruleOf(baseType);
  if (generated)
    return [{ table, column, remark: 'generated, which PostgreSQL before 18 does not publish: it is not carried' }];
  if (replica === 'text') return [{ table, column, remark: `kept as text: ${type} names objects of the source` }];
  if (inKey && equals === 'several texts') {
    return [
      {
        table,
        column,
        remark: `kept as text: part of the key, and equal values of ${type} are written in several ways`,
      },
    ];
  }
  if (typeId < firstUserType) return [];
  const kept = domainOf ?? 'text';
  return [{ table, column, remark: `kept as ${kept} unless the replica's database has the type ${type} too` }];
}
