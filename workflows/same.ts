import { generationContent } from '../model/generation-content';
import type { StoreDefinition } from '../model/pipeline';

/** The same JSON, whatever the order of properties; a property that is undefined is one that is not there. */
export function sameJson(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const [a, b] = [present(left), present(right)];
  return a.size === b.size && [...a].every(([name, value]) => b.has(name) && sameJson(value, b.get(name)));
}

/** Whether two definitions make the same generation: by what its hash is made of, and by nothing less. */
export function sameMapping(left: StoreDefinition, right: StoreDefinition): boolean {
  return sameJson(generationContent(left), generationContent(right));
}

function present(value: object): Map<string, unknown> {
  return new Map(Object.entries(value).filter(([, entry]) => entry !== undefined));
}
