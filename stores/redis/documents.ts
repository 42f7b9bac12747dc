import type { DocumentBody, Json, Mutation } from '../../model/mutation';
import { parserOf, ruleOf } from '../../model/value-types';
import { refusal, throwRefused, type Refusal } from '../refused';
import type { Generation } from '../store';
import type { Reply } from './client';
import { fieldsOf } from './lane';

export type Form = 'json' | 'hash';

/** Target → column → its base type: what a generation holds. */
export type Columns = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** What the script takes for a batch: numbers of upserts and deletes, and then both. */
export interface Encoded {
  readonly upserts: number;
  readonly deletes: number;
  readonly args: readonly (string | number)[];
}

/**
 * Throws `Refused`, before anything is sent, with the records that are not of the columns the generation holds.
 * Redis would take anything; but a number that is none, or a column nobody has heard of, is a mistake that readers would
 * find, and a hash could not be read back.
 */
export function encodeMutations(
  mutations: readonly Mutation[],
  {
    generation,
    columns,
    form,
    refusalLimit = 1,
  }: { generation: Generation; columns: Columns; form: Form; refusalLimit?: number },
): Encoded {
  const targets = new Map(Object.entries(columns).map(([target, held]) => [target, new Map(Object.entries(held))]));
  const args: (string | number)[] = [];
  const deletes: string[] = [];
  const refusals: Refusal[] = [];
  for (const mutation of mutations) {
    const { id, document, target } = mutation;
    if (document === null) {
      deletes.push(id);
      continue;
    }
    const held = targets.get(target);
    const problem = misfit(document, held);
    if (problem !== null) {
      refusals.push(refusal(generation, mutation, problem));
      if (refusals.length >= refusalLimit) break;
      continue;
    }
    args.push(id);
    if (form === 'json') args.push(JSON.stringify(document));
    else pushFields(args, document, held);
  }
  throwRefused(refusals);
  const upserts = mutations.length - deletes.length;
  for (const id of deletes) args.push(id);
  return { upserts, deletes: deletes.length, args };
}

/** Their number, and the fields with their values. Redis knows no NULL: such a field is not there. */
function pushFields(
  args: (string | number)[],
  document: DocumentBody,
  held: ReadonlyMap<string, string> | undefined,
): void {
  const at = args.push(0) - 1;
  for (const [name, value] of Object.entries(document)) {
    if (value === null) continue;
    const isJson = made.has(held?.get(name) ?? '') || typeof value === 'object';
    args.push(name, isJson ? JSON.stringify(value) : String(value));
  }
  args[at] = args.length - at - 1;
}

function misfit(document: DocumentBody, held: ReadonlyMap<string, string> | undefined): string | null {
  if (!held) return 'the generation holds no such target';
  for (const name in document) {
    const baseType = held.get(name);
    if (baseType === undefined) return `the generation holds no column '${name}'`;
    if (!fits(document[name] ?? null, baseType)) return `its '${name}' is no ${baseType}`;
  }
  return null;
}

function fits(value: Json, baseType: string): boolean {
  if (value === null || made.has(baseType)) return true;
  const { form, equals } = ruleOf(baseType);
  if (form === 'text') return typeof value === 'string';
  if (form === 'boolean') return typeof value === 'boolean';
  if (typeof value === 'number') return true;
  return equals === 'canonical' && typeof value === 'string' && /^(NaN|-?Infinity|-0)$/.test(value);
}

/** A document as it was written; null when it is not there (any more). */
export function decodeDocument(
  reply: Reply,
  { form, columns }: { form: Form; columns: Readonly<Record<string, string>> },
): DocumentBody | null {
  if (form === 'json') return typeof reply === 'string' ? (JSON.parse(reply) as DocumentBody) : null;
  const fields = new Map(Object.entries(fieldsOf(reply)));
  if (fields.size === 0) return null;
  return Object.fromEntries(
    Object.entries(columns).map(([name, baseType]) => {
      const text = fields.get(name);
      return [name, text === undefined ? null : fromText(text, baseType)];
    }),
  );
}

/** What mappings make (model/rules/result-type.ts) and a hash has as the text of its JSON. */
const made: ReadonlySet<string> = new Set(['list', 'nested']);

function fromText(text: string, baseType: string): Json {
  if (made.has(baseType)) return JSON.parse(text) as Json;
  // PostgreSQL writes t and f, JavaScript writes the words.
  if (ruleOf(baseType).form === 'boolean') return text === 'true';
  return parserOf({ baseType })(text);
}
