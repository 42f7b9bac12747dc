import type { StoreDefinition } from '../model/pipeline';

/** The same JSON, whatever the order of properties; a property that is undefined is one that is not there. */
export function sameJson(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const [a, b] = [present(left), present(right)];
  return a.size === b.size && [...a].every(([name, value]) => b.has(name) && sameJson(value, b.get(name)));
}

/** What fills a generation is its tables' mappings; where the store is does not change what is in it. */
export function sameMapping(left: StoreDefinition, right: StoreDefinition): boolean {
  return sameJson(left.tables, right.tables);
}

function present(value: object): Map<string, unknown> {
  return new Map(Object.entries(value).filter(([, entry]) => entry !== undefined));
}
