import type { Row } from '../change';
import { suggest } from '../did-you-mean';
import type { TransformReference } from '../mapping-file';
import type { DocumentBody, Json } from '../mutation';
import type { Column } from '../schema';
import { checkedJson } from './json-text';
import { readInstant, writeDay, writeInstant } from './instant';
import type { ResultType } from './result-type';
import { Unmappable } from './unmappable';

/** What a transform is told beside the row. */
export interface TransformContext {
  /** Canonical name of the source's table. */
  readonly table: string;
  /** The key's columns and values. */
  readonly key: Row;
  /** The columns of the row's own version of the table; null in logs begun before versions were kept. */
  readonly columns: readonly Pick<Column, 'name' | 'type' | 'baseType'>[] | null;
}

/**
 * A function of the user's, from a row to fields. It must be pure: no I/O, no clock, no randomness, nothing remembered, the
 * same fields for the same row for ever. A store is built from the log more than once, and every build has to end alike;
 * whoever changes what it returns changes `version`, and the store is built anew.
 */
export interface Transform {
  readonly version: string;
  /**
   * `row`: the source's columns by their own names, values as they travel (docs/types.md), frozen. Returns the fields that
   * the pipeline file declares in `returns`, as plain JSON, those left out being null; or null: the row is not in the store.
   */
  readonly map: (row: Row, context: TransformContext) => Readonly<Record<string, unknown>> | null;
}

/** The version that new generations are built with, and those that generations in use were built with. */
export interface RegisteredTransform extends Transform {
  /** They keep a store following while its next generation is built; without them it stands still until then. */
  readonly earlier?: readonly Transform[];
}

/** By name, as pipeline files name them. */
export type Transforms = Readonly<Record<string, RegisteredTransform>>;

/** The versions a worker has of a transform, the one in force first. */
export function versionsOf(transforms: Transforms, name: string): readonly Transform[] {
  const found = Object.hasOwn(transforms, name) ? transforms[name] : undefined;
  return found === undefined ? [] : [found, ...(found.earlier ?? [])];
}

/** The very one that a generation is built with; a text says why this worker cannot build it. */
export function findTransform({ name, version }: TransformReference, transforms: Transforms): Transform | string {
  const versions = versionsOf(transforms, name);
  const [newest] = versions;
  if (!newest) {
    const names = Object.keys(transforms);
    const known = names.length === 0 ? 'It has none.' : `It has ${names.join(', ')}.`;
    return `this worker has no transform '${name}'. ${suggest(name, names, known)}`;
  }
  const found = version === undefined ? newest : versions.find((each) => each.version === version);
  const held = versions.map((each) => each.version).join(', ');
  return found ?? `this worker has transform '${name}' in version ${held}, and version ${version} is asked for.`;
}

/** Calls it and judges what it returns. Throws `Unmappable`, whatever the function does. */
export function callTransform(
  { name, returns }: TransformReference,
  transform: Transform,
  input: { readonly row: Row; readonly context: TransformContext },
): DocumentBody | null {
  let result: unknown;
  try {
    result = transform.map(Object.freeze(input.row), input.context);
  } catch (error) {
    // Not its message, which may quote the row: history and logs must not have it.
    throw new Unmappable(
      `transform '${name}' threw ${error instanceof Error ? error.name : 'something that is no error'}`,
    );
  }
  if (result === null) return null;
  const refuse = (what: string): never => {
    throw new Unmappable(`transform '${name}' returned ${what}`);
  };
  if (typeof result !== 'object' || Array.isArray(result)) return refuse('neither an object nor null');
  if (result instanceof Promise) return refuse('a promise, and transforms do not wait');
  const surplus = Object.keys(result).find((field) => !Object.hasOwn(returns, field));
  if (surplus !== undefined) return refuse(`a field that "returns" does not name: '${surplus}'`);
  const fields = result as Readonly<Record<string, unknown>>;
  const entries = Object.entries(returns).map(([field, type]): [string, Json] => {
    if (!Object.hasOwn(fields, field)) return [field, null];
    try {
      return [field, checkResult(fields[field], type)];
    } catch (error) {
      if (!(error instanceof Unmappable)) throw error;
      return refuse(`for '${field}', which is ${type}, what it cannot be: ${error.message}`);
    }
  });
  return Object.fromEntries(entries);
}

/** In the form that columns of the type travel in. */
function checkResult(value: unknown, type: ResultType): Json {
  const checked = checkedJson(value, []);
  if (checked === null || type === 'json') return checked;
  const expect = <Kind extends Json>(fits: boolean, what: string, kind: Kind): Kind => {
    if (fits) return kind;
    throw new Unmappable(`it is not ${what}`);
  };
  switch (type) {
    case 'string':
      // PostgreSQL has no text with NUL in it, and a replica may be built of the same definition.
      return expect(typeof checked === 'string' && !checked.includes('\u0000'), 'a text without NUL', checked);
    case 'number':
      return expect(typeof checked === 'number', 'a number', checked);
    case 'boolean':
      return expect(typeof checked === 'boolean', 'true or false', checked);
    case 'list':
      return expect(Array.isArray(checked) && checked.every(isElement), 'a list of texts and nulls', checked);
    case 'date':
    case 'timestamp':
    case 'iso8601':
      return checkInstant(checked, type);
  }
}

function isElement(value: Json): boolean {
  return value === null || typeof value === 'string';
}

function checkInstant(value: Json, type: 'date' | 'timestamp' | 'iso8601'): Json {
  const written = typeof value === 'string' ? readInstant(value) : null;
  if (type === 'iso8601') {
    if (written && typeof value === 'string' && /^\d{4}-\d\d-\d\d(T|$)/.test(value)) return value;
    throw new Unmappable('it is not ISO 8601 with a year of four digits');
  }
  if (written && (type === 'date' ? written.dated === 'day' : written.zoned)) {
    return type === 'date' ? writeDay(written) : writeInstant(written);
  }
  throw new Unmappable(type === 'date' ? 'it is no day such as 2026-02-03' : 'it is no time with a zone');
}
