import { z } from 'zod';
import { parseTableName } from './change';
import { InvalidConfig } from './errors';
import { isReservedStoreName, resourceNames } from './names';

const identifier = (what: string) =>
  z.string().regex(/^[a-z][a-z0-9_-]{0,39}$/, `${what} is 1 to 40 of a-z, 0-9, _ and -, beginning with a letter`);

/** A secret by reference: the name of an environment variable of the worker. The value never leaves the worker. */
const secret = z.strictObject({
  env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'the name of an environment variable'),
});

const tableName = z.string().superRefine((text, context) => {
  try {
    parseTableName(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
  }
});

const scalar = z.union([z.string(), z.number(), z.boolean()]);

/** What one column must be for the row to belong to the store. All conditions of a filter must hold. */
const condition = z.union([
  z.strictObject({ equals: scalar }),
  z.strictObject({ notEquals: scalar }),
  z.strictObject({ in: z.array(scalar).min(1) }),
  z.strictObject({ isNull: z.boolean() }),
]);

const tableMapping = z.strictObject({
  into: z.string().min(1).max(63).optional().describe("the target's name in the store; default: the table's own name"),
  select: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('the columns to carry, the whole key among them; default: all'),
  rename: z.record(z.string(), z.string().min(1)).optional().describe('source column → name in the store'),
  filter: z
    .record(z.string(), condition)
    .optional()
    .describe('only rows that meet it are in the store; a row that leaves it is deleted'),
});

const tables = z
  .record(tableName, tableMapping)
  .refine((all) => Object.keys(all).length > 0, 'name at least one table');

const postgresStore = z.strictObject({
  type: z.literal('postgres'),
  url: secret,
  schema: z
    .string()
    .regex(/^[a-z_][a-z0-9_]{0,39}$/, 'a schema name of up to 40 of a-z, 0-9 and _')
    .describe('the schema whose views readers use; each generation has a schema of its own beside it'),
  tables,
});

const elasticsearchStore = z.strictObject({
  type: z.literal('elasticsearch'),
  url: secret,
  index: z
    .string()
    .regex(/^[a-z][a-z0-9_-]{0,99}$/, 'an alias name of up to 100 of a-z, 0-9, _ and -')
    .describe('the alias readers use; each generation has an index of its own beside it'),
  tables,
});

const store = z.discriminatedUnion('type', [postgresStore, elasticsearchStore]);

export const pipelineSchema = z.strictObject({
  $schema: z.string().optional(),
  name: identifier('a pipeline name'),
  source: z.strictObject({
    url: secret,
    tables: z.array(tableName).min(1),
    slot: z
      .string()
      .regex(/^[a-z0-9_]{1,63}$/, 'a slot name is 1 to 63 of a-z, 0-9 and _')
      .optional()
      .describe('default: slipstream_<name>'),
    publication: z.string().min(1).max(63).optional().describe('default: slipstream_<name>'),
    copy: z
      .strictObject({ chunkRows: z.int().min(1).max(100_000).default(5_000) })
      .default({ chunkRows: 5_000 })
      .describe('existing rows are read in chunks of this many, by key'),
  }),
  log: z
    .strictObject({
      prefix: identifier('a topic prefix').optional().describe('default: the pipeline name'),
      partitions: z.int().min(1).max(64).default(4),
      replicationFactor: z.int().min(1).max(9).default(1),
      windowDays: z
        .int()
        .min(1)
        .max(3650)
        .default(7)
        .describe('full history is kept this long; the latest row per key for ever'),
    })
    .default({ partitions: 4, replicationFactor: 1, windowDays: 7 }),
  stores: z
    .record(identifier('a store name'), store)
    .refine((all) => Object.keys(all).length > 0, 'name at least one store'),
  slice: z
    .strictObject({
      batches: z.int().min(1).optional().describe('step mode: end each activity after this many micro-batches'),
      seconds: z.int().min(1).max(60).default(30),
      heartbeatSeconds: z.int().min(2).max(60).default(10).describe('a worker silent for this long has lost its slice'),
    })
    .default({ seconds: 30, heartbeatSeconds: 10 }),
});

/** What people write. */
export type PipelineFile = z.input<typeof pipelineSchema>;
export type StoreDefinition = z.output<typeof store>;
export type TableMapping = z.output<typeof tableMapping>;
export type Condition = z.output<typeof condition>;
export type SecretReference = z.output<typeof secret>;

type Parsed = z.output<typeof pipelineSchema>;

/** One parsed configuration, complete: nothing inside has to be defaulted again. Plain JSON. */
export interface Pipeline {
  readonly name: string;
  readonly source: {
    readonly url: SecretReference;
    readonly tables: readonly string[];
    readonly slot: string;
    readonly publication: string;
    readonly copy: { readonly chunkRows: number };
  };
  readonly log: {
    readonly prefix: string;
    readonly partitions: number;
    readonly replicationFactor: number;
    readonly windowDays: number;
  };
  readonly stores: Readonly<Record<string, StoreDefinition>>;
  readonly slice: Parsed['slice'];
}

/** Parses and checks what can be checked without a connection. Throws `InvalidConfig`: every problem, with its place. */
export function parsePipeline(input: unknown): Pipeline {
  const result = pipelineSchema.safeParse(input);
  if (!result.success) throw new InvalidConfig(describeProblems(result.error.issues));
  const { name, source, log, stores, slice } = result.data;
  const problems = crossChecks(result.data);
  if (problems.length > 0) throw new InvalidConfig(listProblems(problems));
  const names = resourceNames(name);
  return {
    name,
    source: {
      url: source.url,
      tables: source.tables,
      slot: source.slot ?? names.slot,
      publication: source.publication ?? names.publication,
      copy: source.copy,
    },
    log: { ...log, prefix: log.prefix ?? name },
    stores,
    slice,
  };
}

function crossChecks({ source, stores }: Parsed): string[] {
  const problems: string[] = [];
  const captured = new Set(source.tables);
  if (captured.size !== source.tables.length) problems.push('source.tables: a table is named twice.');
  for (const [storeName, definition] of Object.entries(stores)) {
    if (isReservedStoreName(storeName)) problems.push(`stores.${storeName}: this name is reserved; choose another.`);
    const targets = new Map<string, string>();
    for (const [table, mapping] of Object.entries(definition.tables)) {
      const place = `stores.${storeName}.tables.${table}`;
      if (!captured.has(table)) problems.push(`${place}: not among source.tables; add it there or remove it here.`);
      const target = mapping.into ?? parseTableName(table).table;
      const other = targets.get(target);
      if (other !== undefined)
        problems.push(`${place}.into: '${target}' is already the target of ${other}; give each table its own.`);
      targets.set(target, table);
      if (target.startsWith('_slipstream'))
        problems.push(`${place}.into: names beginning with _slipstream are reserved.`);
      const { select, rename } = mapping;
      for (const column of Object.keys(rename ?? {})) {
        if (select && !select.includes(column)) problems.push(`${place}.rename.${column}: the column is not selected.`);
      }
      const names = Object.values(rename ?? {});
      if (new Set(names).size !== names.length) problems.push(`${place}.rename: two columns get the same name.`);
    }
  }
  return problems;
}

function describeProblems(issues: readonly z.core.$ZodIssue[]): string {
  return listProblems(issues.map((issue) => `${issue.path.map(String).join('.') || '(the file)'}: ${issue.message}`));
}

function listProblems(problems: readonly string[]): string {
  return `The pipeline file has ${problems.length} problem${problems.length === 1 ? '' : 's'}:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`;
}
