import { InvalidConfig } from '../../model/errors';
import { documentIn, targetColumns, type TargetDocument } from '../../model/mapping';
import { missing } from '../ownership';
import type { Fit, Generation, TableVersion } from '../store';
import { acknowledged, errorType, succeeded } from './answers';
import { isFieldName } from './field-names';
import { fieldFor, type Field } from './fields';
import type { Meta, Place } from './generations';
import { generationIndex } from './names';
import { overrideOf } from './overrides';

/** What `Store.fit` says, from the index's mapping and from what it notes of each target. */
export async function fitVersion(place: Place, generation: Generation, table: TableVersion): Promise<Fit> {
  const { mapping, target } = mappingOf(place, table);
  const { properties, meta } = await readMapping(place, generation);
  const wanted = targetColumns(table, mapping);
  const names = new Set(wanted.map(({ name }) => name));
  // A generation of before this was noted: what is not asked for might be another table's, so it is not ours to miss.
  const held = new Set(meta?.fields?.[target] ?? [...names].filter((name) => name in properties));
  const unlike = wanted.filter(({ name, column }) => {
    const field = properties[name];
    if (!isFieldName(name)) return true;
    if (field === undefined) return false;
    const wantedField = fieldFor(place.context.definition, { name, column });
    // Elasticsearch gives what was asked for back in words of its own (defaults left out), what we write as it is.
    return overridden(place, name)
      ? field['type'] !== wantedField['type']
      : canonical(field) !== canonical(wantedField);
  });
  const other = unlike.map(({ name }) => name);
  return {
    absent: wanted.filter(({ name }) => !held.has(name) && !other.includes(name)).map(({ name }) => name),
    other,
    surplus: [...held].filter((name) => !names.has(name)),
  };
}

/** What `Store.extend` promises: a field more in the mapping, and a note whose it is. No document is touched. */
export async function extendIndex(
  place: Place,
  generation: Generation,
  { table, names }: { readonly table: TableVersion; readonly names: readonly string[] },
): Promise<void> {
  const { mapping, target } = mappingOf(place, table);
  const index = generationIndex(place.index, generation.number);
  const { meta } = await readMapping(place, generation);
  if (!meta) throw missing(generation);
  const added = targetColumns(table, mapping).filter(({ name }) => names.includes(name));
  const noted = new Set([...(meta.fields?.[target] ?? []), ...added.map(({ name }) => name)]);
  const answer = await place.ask({
    method: 'PUT',
    path: [index, '_mapping'],
    body: {
      ...(meta.fields ? { _meta: { ...meta, fields: { ...meta.fields, [target]: [...noted] } } } : {}),
      properties: Object.fromEntries(
        added.map(({ name, column }) => [name, fieldFor(place.context.definition, { name, column })]),
      ),
    },
  });
  if (answer.status === 400) {
    throw new InvalidConfig(
      `Elasticsearch refuses new fields for ${target} in ${index} (${errorType(answer)}). Rebuild the store with a definition ` +
        'that leaves the new columns out, or gives them other names.',
    );
  }
  acknowledged(answer, `the new fields of ${index}`);
}

function overridden({ context: { definition } }: Place, name: string): boolean {
  return definition.type === 'elasticsearch' && overrideOf(definition, name) !== undefined;
}

function mappingOf({ context }: Place, table: TableVersion): TargetDocument {
  const document = documentIn(context.definition, table);
  if (!document) throw new InvalidConfig(`Store ${context.pipeline}/${context.store} does not follow ${table.name}.`);
  return document;
}

async function readMapping(
  { ask, index }: Place,
  generation: Generation,
): Promise<{ properties: Readonly<Record<string, Field>>; meta: Meta | undefined }> {
  const name = generationIndex(index, generation.number);
  const answer = await ask({ method: 'GET', path: [name, '_mapping'] });
  if (answer.status === 404) throw missing(generation);
  const found = succeeded<Record<string, { mappings: { properties?: Record<string, Field>; _meta?: Meta } }>>(
    answer,
    `reading the mapping of ${name}`,
  );
  const { properties = {}, _meta: meta } = found[name]?.mappings ?? {};
  return { properties, meta };
}

/** Elasticsearch gives a mapping back in an order of its own. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${entries.map(([name, part]) => `${name}:${canonical(part)}`).join(',')}}`;
}
