import { InvalidConfig } from '../../model/errors';
import { documentIn, targetColumns, type TargetDocument } from '../../model/mapping';
import type { Fit, Generation, TableVersion } from '../store';
import { checkMeta, noteColumns, readMeta, type Place } from './generations';

/** What `Store.fit` says, from what the generation notes of its columns. */
export async function fitVersion(place: Place, generation: Generation, table: TableVersion): Promise<Fit> {
  const { mapping, target } = mappingOf(place, table);
  const meta = await readMeta(place, generation);
  checkMeta(meta, generation);
  const held = new Map(Object.entries(meta.columns[target] ?? {}));
  const wanted = targetColumns(table, mapping);
  const names = new Set(wanted.map(({ name }) => name));
  return {
    absent: wanted.filter(({ name }) => !held.has(name)).map(({ name }) => name),
    other: wanted
      .filter(({ name, column }) => (held.get(name) ?? column.baseType) !== column.baseType)
      .map(({ name }) => name),
    surplus: [...held.keys()].filter((name) => !names.has(name)),
  };
}

export async function extendGeneration(
  place: Place,
  generation: Generation,
  { table, names }: { readonly table: TableVersion; readonly names: readonly string[] },
): Promise<void> {
  const { mapping, target } = mappingOf(place, table);
  const meta = await readMeta(place, generation);
  checkMeta(meta, generation);
  const added = targetColumns(table, mapping).filter(({ name }) => names.includes(name));
  const more = Object.fromEntries(added.map(({ name, column }) => [name, column.baseType]));
  await noteColumns(place, meta, { ...meta.columns, [target]: { ...meta.columns[target], ...more } });
}

function mappingOf({ context }: Place, table: TableVersion): TargetDocument {
  const document = documentIn(context.definition, table);
  if (!document) throw new InvalidConfig(`Store ${context.pipeline}/${context.store} does not follow ${table.name}.`);
  return document;
}
