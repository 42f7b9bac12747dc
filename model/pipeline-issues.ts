import { z } from 'zod';
import { suggest } from './did-you-mean';
import { finding, type Finding } from './finding';
import { pipelineSchema } from './pipeline-file';
import { keysOf, placeOf, schemaAt, valueAt, type Path, type SchemaNode } from './pipeline-place';

type Issue = z.core.$ZodIssue;

/** zod's issues in our words: the place, what is wrong, and what may stand there. Values of the file are not quoted. */
export function findingsOfIssues(issues: readonly Issue[], input: unknown): Finding[] {
  const schema = z.toJSONSchema(pipelineSchema, { io: 'input' }) as SchemaNode;
  return issues.flatMap((issue) => findingsOfIssue(issue, { schema, input }));
}

/** The file as it would be if what cannot be known had not been written. */
export function withoutUnknownKeys(input: unknown, issues: readonly Issue[]): unknown {
  const copy = structuredClone(input);
  for (const issue of issues) {
    if (issue.code !== 'unrecognized_keys') continue;
    const place = valueAt(copy, issue.path);
    for (const key of issue.keys) Reflect.deleteProperty(Object(place) as object, key);
  }
  return copy;
}

interface Context {
  readonly schema: SchemaNode;
  readonly input: unknown;
}

function findingsOfIssue(issue: Issue, context: Context): Finding[] {
  const node = schemaAt(context.schema, issue.path, context.input);
  const value = valueAt(context.input, issue.path);
  const wrong = (what: string, cure: string) => [finding('wrong-value', { where: placeOf(issue.path), what, cure })];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey([...issue.path, key], keysOf(node)));
    case 'invalid_type':
      return value === undefined
        ? [missingKey(issue.path, node)]
        : wrong(`expected ${expected(node, issue.expected)}, found ${kindOf(value)}.`, cureFor(node));
    case 'invalid_union':
      return invalidUnion(issue, { ...context, node, value });
    case 'invalid_key': {
      const messages = issue.issues.map(({ message }) => message);
      return wrong(messages.join(' '), 'Rename it.');
    }
    case 'too_small':
    case 'too_big':
      return wrong(outOfRange(node, value) ?? issue.message, 'Correct it.');
    case 'invalid_value': {
      const known = issue.values.map(String);
      const cure = typeof value === 'string' ? suggest(value, known, choices(known)) : choices(known);
      return wrong(typeof value === 'string' ? 'there is no such choice.' : `found ${kindOf(value)}.`, cure);
    }
    default:
      return wrong(issue.message, 'Correct it.');
  }
}

function choices(known: readonly string[]): string {
  return `Write one of ${known.join(', ')}.`;
}

/** A store of no known type, or a condition of no known shape. */
function invalidUnion(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  { node, value, ...context }: Context & { readonly node: SchemaNode | null; readonly value: unknown },
): Finding[] {
  const { path } = issue;
  if (path.at(-1) === 'type' && value === undefined) {
    return [missingKey(path, { description: `one of ${storeTypes(context, path).join(', ')}` })];
  }
  if (path.at(-1) === 'type') {
    const types = storeTypes(context, path);
    const cure = suggest(String(value), types, `Write one of ${types.join(', ')}.`);
    return [finding('wrong-value', { where: placeOf(path), what: `there is no such type of store.`, cure })];
  }
  const keys = keysOf(node);
  const found = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  const unknown = found.filter((key) => !keys.includes(key));
  if (unknown.length > 0) return unknown.map((key) => unknownKey([...path, key], keys));
  const what =
    keys.length > 0 ? 'not one of the shapes that may stand here.' : `expected ${expected(node, 'a value')}.`;
  const cure = keys.length > 0 ? `Write one of ${keys.map((key) => `{"${key}": …}`).join(', ')}.` : 'Correct it.';
  return [finding('wrong-value', { where: placeOf(path), what, cure })];
}

function storeTypes({ schema, input }: Context, path: Path): string[] {
  const stores = schemaAt(schema, path.slice(0, -2), input);
  const definition = typeof stores?.additionalProperties === 'object' ? stores.additionalProperties : {};
  return (definition.oneOf ?? []).map((branch) => String(branch.properties?.['type']?.const));
}

function unknownKey(path: Path, keys: readonly string[]): Finding {
  const key = String(path.at(-1));
  const cure = suggest(key, keys, `Remove it; the keys here are ${keys.join(', ')}.`);
  return finding('unknown-key', { where: placeOf(path), what: 'there is no such key.', cure });
}

function missingKey(path: Path, node: SchemaNode | null): Finding {
  const text = node?.description ?? expected(node, 'a value');
  return finding('missing-key', { where: placeOf(path), what: 'it is missing.', cure: `Add it: ${text}.` });
}

function outOfRange(node: SchemaNode | null, value: unknown): string | null {
  const { minimum, maximum } = node ?? {};
  if (typeof value !== 'number' || minimum === undefined || maximum === undefined) return null;
  return `${value} is outside of ${minimum} to ${maximum}.`;
}

function expected(node: SchemaNode | null, otherwise: string): string {
  const keys = keysOf(node);
  if (isSecret(node)) return 'a reference to an environment variable';
  if (keys.length > 0) return `an object with ${keys.join(', ')}`;
  return typeof node?.type === 'string' ? `${node.type === 'array' ? 'a list' : `a ${node.type}`}` : otherwise;
}

function cureFor(node: SchemaNode | null): string {
  return isSecret(node) ? 'Write {"env": "NAME"}: secrets are named in this file, never written.' : 'Correct it.';
}

function isSecret(node: SchemaNode | null): boolean {
  return keysOf(node).join() === 'env';
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}
