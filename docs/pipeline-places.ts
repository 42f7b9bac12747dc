import { pipelineJsonSchema, type SchemaNode } from './pipeline-schema';
import { markdownTable } from './table';

/** One row of the table in docs/pipeline.md. */
interface Place {
  readonly path: string;
  readonly allowed: string;
  readonly fallback: string;
  readonly meaning: string;
}

/** Every place of the pipeline file, in its own order. */
export function pipelineTable(): string {
  const places = [...placesIn(pipelineJsonSchema(), '')];
  return markdownTable(
    ['place', 'what may stand there', 'default', 'meaning'],
    unique(places).map(({ path, allowed, fallback, meaning }) => [`\`${path}\``, allowed, fallback, meaning]),
  );
}

function* placesIn(node: SchemaNode, path: string, alternative = false): Generator<Place> {
  const needed = alternative ? 'one of these' : 'required';
  for (const [key, child] of Object.entries(node.properties ?? {})) {
    const fallback = node.required?.includes(key) === true ? needed : fallbackOf(child);
    yield* placeAt(child, path === '' ? key : `${path}.${key}`, fallback);
  }
  for (const variant of node.oneOf ?? []) yield* placesIn(variant, path);
  for (const variant of node.anyOf ?? []) yield* placesIn(variant, path, true);
}

function* placeAt(node: SchemaNode, path: string, fallback: string): Generator<Place> {
  yield { path, allowed: allowed(node), fallback, meaning: (node.description ?? '').replace(/; default: .*$/, '') };
  yield* placesIn(node, path);
  const { additionalProperties: member } = node;
  if (typeof member !== 'object' || member.type === 'string') return;
  const inner = `${path}.<${memberNames[path.split('.').at(-1) ?? ''] ?? 'name'}>`;
  for (const variant of member.oneOf ?? []) {
    if (variant.description === undefined) continue;
    const type = String(variant.properties?.['type']?.const);
    yield { path: inner, allowed: `with type ${type}`, fallback: '-', meaning: variant.description };
  }
  yield* placesIn(member, inner);
}

/** What a key of a record is called in a path. */
const memberNames: Readonly<Record<string, string>> = {
  stores: 'store',
  tables: 'table',
  filter: 'column',
  fields: 'field',
};

function fallbackOf({ default: value, description = '' }: SchemaNode): string {
  if (value === undefined) return /; default: (.*)$/.exec(description)?.[1] ?? 'none';
  return typeof value === 'object' ? 'as below' : `\`${JSON.stringify(value)}\``;
}

function allowed(node: SchemaNode): string {
  if (node.const !== undefined) return `\`${JSON.stringify(node.const)}\``;
  if (node.type === 'integer') return `a whole number, ${range(node)}`;
  if (node.type === 'array') return `a list of ${node.items?.type === 'string' ? 'texts' : 'values'}`;
  if (node.type === 'object') return 'an object';
  if (node.type === 'boolean') return '`true` or `false`';
  if (node['allOf'] !== undefined) return 'a predicate';
  if (node.type === 'string') return node.pattern === undefined ? 'a text' : `\`${node.pattern}\``;
  return 'a text, a number, `true` or `false`';
}

function range({ minimum = 0, maximum = Number.MAX_SAFE_INTEGER }: SchemaNode): string {
  return maximum === Number.MAX_SAFE_INTEGER ? `at least ${minimum}` : `${minimum} to ${maximum}`;
}

/** The stores share places: those that say the same are said once. */
function unique(places: readonly Place[]): Place[] {
  const seen = new Set<string>();
  return places.filter((place) => {
    const text = JSON.stringify(place);
    return !seen.has(text) && seen.add(text);
  });
}
