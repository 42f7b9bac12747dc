/** A place in the pipeline file, as zod gives it. */
export type Path = readonly PropertyKey[];

/** As much of JSON Schema as the pipeline file's own schema uses. */
export interface SchemaNode {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly items?: SchemaNode;
  readonly oneOf?: readonly SchemaNode[];
  readonly anyOf?: readonly SchemaNode[];
  /** What refers to itself is defined once, under a name; with a description beside it, by way of `allOf`. */
  readonly allOf?: readonly SchemaNode[];
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, SchemaNode>>;
  readonly minimum?: number;
  readonly maximum?: number;
}

export function placeOf(path: Path): string {
  return path.map(String).join('.') || '(the file)';
}

/** What the file has at a place; undefined where it has nothing. */
export function valueAt(input: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, step) => (typeof value === 'object' && value !== null ? Reflect.get(value, step) : undefined),
    input,
  );
}

/** What the schema expects at a place; null where it has no say. */
export function schemaAt(root: SchemaNode, path: Path, input: unknown): SchemaNode | null {
  let node: SchemaNode | undefined = root;
  for (const [index, step] of path.entries()) {
    if (!node) return null;
    node = stepInto(chosen(defined(root, node), valueAt(input, path.slice(0, index))), String(step));
  }
  return node ? chosen(defined(root, node), valueAt(input, path)) : null;
}

/** Every key that may stand in an object of this schema. */
export function keysOf(node: SchemaNode | null): readonly string[] {
  const branches = node?.anyOf ?? node?.oneOf ?? (node ? [node] : []);
  return [...new Set(branches.flatMap((branch) => Object.keys(branch.properties ?? {})))];
}

/** What a reference stands for. */
function defined(root: SchemaNode, node: SchemaNode): SchemaNode {
  const { $ref = node.allOf?.[0]?.$ref } = node;
  return $ref === undefined ? node : (root.$defs?.[$ref.split('/').at(-1) ?? ''] ?? node);
}

function stepInto(node: SchemaNode, step: string): SchemaNode | undefined {
  const named = node.properties?.[step];
  if (named) return named;
  if (node.items) return node.items;
  return typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined;
}

/** Of a store's two shapes the one that its `type` names. */
function chosen(node: SchemaNode, value: unknown): SchemaNode {
  const type = valueAt(value, ['type']);
  return node.oneOf?.find((branch) => branch.properties?.['type']?.const === type) ?? node;
}
