import type { Json } from '../mutation';
import { Unmappable } from './unmappable';

/** How deep a value may be nested: Elasticsearch and Redis have limits of their own, not far above. */
const deepest = 100;

/** A JSON text as a value. Throws `Unmappable` for what is none, or would not be the same when it is written again. */
export function readJson(text: string): Json {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Unmappable('it is no JSON');
  }
  return checkedJson(value, []);
}

/**
 * The value, if it is plain JSON: what `JSON.stringify` would drop, change or fail at is refused. `path`: where it stands,
 * names alone, which a message may say.
 */
export function checkedJson(value: unknown, path: readonly (string | number)[]): Json {
  const refuse = (what: string): never => {
    const place = path.length === 0 ? '' : ` at ${path.slice(0, 5).join('.')}`;
    throw new Unmappable(`there is ${what}${place}, which JSON cannot hold`);
  };
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') return /\p{Surrogate}/u.test(value) ? refuse('half a character') : value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : refuse('NaN or an infinity');
  if (typeof value !== 'object') return refuse(kindOf(value));
  if (path.length > deepest) {
    throw new Unmappable(`it is nested deeper than ${deepest}, or holds itself, which JSON cannot hold`);
  }
  if (Array.isArray(value)) {
    // Not by `map`, which passes over holes.
    return Array.from(value, (each: unknown, at) => checkedJson(each, [...path, at]));
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return refuse('an object of a class');
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, checkedJson(each, [...path, name])]));
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'undefined';
  return typeof value === 'bigint' ? 'a BigInt' : `a ${typeof value}`;
}
