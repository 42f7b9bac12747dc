import { parseTableName } from '../model/change';
import type { TableMapping } from '../model/pipeline';

/** Table → the name it gets in a store. Of tables with one name, all but the one in `public` carry their schema's too. */
export function suggestTargets(tables: readonly string[]): ReadonlyMap<string, string> {
  const bySchema = tables.map((name) => ({ name, ...parseTableName(name) }));
  const targets = new Map<string, string>();
  for (const { name, schema, table } of bySchema) {
    const alone = bySchema.every((other) => other.name === name || other.table !== table);
    const plain =
      (alone || schema === 'public') && !table.startsWith('_slipstream')
        ? table
        : `${schema}_${table}`.replace(/^_+/, '');
    targets.set(
      name,
      free(plain.slice(0, 63), (candidate) => [...targets.values()].includes(candidate)),
    );
  }
  return targets;
}

/** `wanted`, or the first of `wanted_2`, `wanted_3` … that is not taken. */
export function free(wanted: string, taken: (name: string) => boolean): string {
  for (let number = 1; ; number += 1) {
    const suffix = number === 1 ? '' : `_${number}`;
    const name = `${wanted.slice(0, 63 - suffix.length)}${suffix}`;
    if (!taken(name)) return name;
  }
}

/** A mapping says only what differs from the table's own names. */
export function mappingOf(
  table: string,
  target: string | undefined,
  rename: Readonly<Record<string, string>> = {},
): TableMapping {
  return {
    ...(target === undefined || target === parseTableName(table).table ? {} : { into: target }),
    ...(Object.keys(rename).length === 0 ? {} : { rename }),
  };
}
