import type { Remark, Suggestion } from '../../model/inventory';
import type { Column, TableSchema } from '../../model/schema';
import { mappingOf } from '../suggestion';

/** Types made by somebody, extensions included, have ids from here on: another database may not have them. */
const firstUserType = 16_384;

/** A replica takes every table as it is; what its database may lack is kept as text (`tables.ts`). */
export function suggestColumns(catalogue: readonly TableSchema[], targets: ReadonlyMap<string, string>): Suggestion {
  return {
    tables: Object.fromEntries(catalogue.map(({ name }) => [name, mappingOf(name, targets.get(name))])),
    remarks: catalogue.flatMap(({ name, columns }) => columns.flatMap((column) => remarksOn(name, column))),
  };
}

function remarksOn(table: string, { name: column, generated, type, typeId }: Column): Remark[] {
  if (generated)
    return [{ table, column, remark: 'generated, which PostgreSQL before 18 does not publish: it is not carried' }];
  if (typeId < firstUserType) return [];
  return [{ table, column, remark: `kept as text unless the replica's database has the type ${type} too` }];
}
