import { z } from 'zod';
import { parseTableName } from './change';
import { guaranteeNames } from './guarantees';
import { tableMapping } from './mapping-file';

/**
 * The pipeline file as people write it. The one definition of which the parser, the published JSON Schema and the table
 * in docs/pipeline.md are made: a property without a description is refused by a test. What JSON Schema cannot say by
 * itself stands in `meta`, so that an editor refuses what the parser refuses.
 */

const identifier = (what: string) =>
  z.string().regex(/^[a-z][a-z0-9_-]{0,39}$/, `${what} is 1 to 40 of a-z, 0-9, _ and -, beginning with a letter`);

/** A secret by reference: the name of an environment variable of the worker. The value never leaves the worker. */
const secret = z.strictObject({
  env: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'the name of an environment variable')
    .describe("name of a variable in the worker's environment; the secret itself is never written here"),
});

/** What `parseTableName` reads, for editors. */
const tablePattern = '^("([^"]|"")+"|[A-Za-z_][A-Za-z0-9_$]*)\\.("([^"]|"")+"|[A-Za-z_][A-Za-z0-9_$]*)$';

const tableName = z
  .string()
  .superRefine((text, context) => {
    try {
      parseTableName(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
    }
  })
  .meta({
    pattern: tablePattern,
    description: 'schema.table; a part that is no plain name in double quotes, as in SQL',
  });

const tables = z
  .record(tableName, tableMapping)
  .refine((all) => Object.keys(all).length > 0, 'name at least one table')
  .meta({ minProperties: 1, description: 'the captured tables that this store follows; {} takes a table as it is' });

// Without a default: pipelines that run were parsed before there was this.
const demands = (whose: string) =>
  z
    .array(z.enum(guaranteeNames))
    .optional()
    .describe(`what ${whose} has to give, or the pipeline is refused; \`slipstream plan\` shows what can be had`);
const poisonChoice = z.enum(['block', 'park']);

// Without defaults, like all that came later: what runs already was parsed before there was this. `poisonRules` completes.
const poison = z
  .strictObject({
    decode: poisonChoice.optional().describe('a record that cannot be read; default: block'),
    map: poisonChoice.optional().describe('a record that the mapping makes no document of; default: block'),
    store: poisonChoice.optional().describe('a record that the store refuses for good; default: block'),
    maxParked: z
      .int()
      .min(1)
      .max(10_000)
      .optional()
      .describe(
        'records parked at once, those that wait behind them included; beyond it the store blocks; default: 1000',
      ),
  })
  .optional()
  .describe(
    'what becomes of a single record that cannot be carried on. block: the store stops, and says which; park: the record is set aside with all later changes of its row, and the rest goes on; default: block',
  );

const postgresStore = z
  .strictObject({
    type: z.literal('postgres').describe('a PostgreSQL database'),
    url: secret.describe('postgres://user:password@host:port/database, by reference'),
    schema: z
      .string()
      .regex(/^[a-z_][a-z0-9_]{0,39}$/, 'a schema name of up to 40 of a-z, 0-9 and _')
      .describe('the schema whose views readers use; each generation has a schema of its own beside it'),
    tables,
    indexes: z
      .record(z.string().min(1), z.array(z.array(z.string().min(1)).min(1).max(32)).min(1))
      .optional()
      .describe(
        "table in the store → indexes for readers, each a list of columns there; a replica has none but its keys'",
      ),
    parallel: z
      .int()
      .min(2)
      .max(16)
      .optional()
      .describe(
        'rows are written over so many connections at once, and shown as each commits: faster, and readers may see half a transaction; default: one connection, from commit to commit of the source',
      ),
    require: demands('this store'),
    poison,
  })
  .describe('a replica: tables behind views, moved from commit to commit of the source unless it is parallel');

/** What Elasticsearch understands and we hand through. */
const parameters = z.record(z.string(), z.unknown());

const elasticsearchStore = z
  .strictObject({
    type: z.literal('elasticsearch').describe('an Elasticsearch or OpenSearch cluster'),
    url: secret.describe('https://user:password@host:port, by reference'),
    index: z
      .string()
      .regex(/^[a-z][a-z0-9_-]{0,99}$/, 'an alias name of up to 100 of a-z, 0-9, _ and -')
      .describe('the alias readers use; each generation has an index of its own beside it'),
    tables,
    settings: parameters
      .optional()
      .describe(
        'settings of each index, analysis among them, as Elasticsearch writes them; what safety rests on is refused',
      ),
    fields: z
      .record(z.string().min(1), parameters)
      .optional()
      .describe("field → its mapping, instead of what its column's type gives; or a further field that copy_to fills"),
    dynamicTemplates: z
      .array(parameters)
      .optional()
      .describe('dynamic templates of the mapping, for fields below an object that is made dynamic'),
    refresh: z
      .string()
      .regex(/^([1-9][0-9]{0,5}(ms|s|m)|never)$/, 'a time such as 500ms, 1s or 1m, or never')
      .optional()
      .describe('how often what was written can be found by searches, from the next promotion on; default: 1s'),
    require: demands('this store'),
    poison,
  })
  .describe('a search index: one document per row and kind, all tables in one index');

const redisStore = z
  .strictObject({
    type: z.literal('redis').describe('a Redis server'),
    url: secret.describe('redis://user:password@host:port/database, or rediss:// with TLS, by reference'),
    key: z
      .string()
      .regex(/^[a-z][a-z0-9_:.-]{0,99}$/, 'a key prefix of up to 100 of a-z, 0-9, _, :, . and -')
      .optional()
      .describe(
        'what all its keys begin with, in braces: {shop}:current, {shop}:3:customers/17; default: <pipeline>:<store>',
      ),
    as: z
      .enum(['json', 'hash'])
      .default('json')
      .describe('a document is a string of JSON, or a hash with a field per column that is not NULL'),
    ttlSeconds: z
      .int()
      .min(1)
      .max(315_360_000)
      .optional()
      .describe('documents expire so long after their last change, and come back with the next; default: never'),
    tables,
    require: demands('this store'),
    poison,
  })
  .describe('a cache: a key per row, under a prefix per generation');

export const storeSchema = z.discriminatedUnion('type', [postgresStore, elasticsearchStore, redisStore]);
/** Every kind of store there is, for what lists them: a new one is told everywhere from here. */
export const storeTypes = storeSchema.options.map(({ shape }) => shape.type.value);

const source = z.strictObject({
  url: secret.describe('postgres://user:password@host:port/database of the leader, by reference'),
  tables: z
    .array(tableName)
    .min(1)
    .describe('the tables to capture, each with a primary key; of a partitioned table its root')
    .meta({ uniqueItems: true }),
  messages: z
    .array(z.string().min(1).max(200))
    .default([])
    .describe(
      'prefixes of pg_logical_emit_message that go to the topic <log.prefix>.messages, exactly as written there',
    )
    .meta({ uniqueItems: true }),
  slot: z
    .string()
    .regex(/^[a-z0-9_]{1,63}$/, 'a slot name is 1 to 63 of a-z, 0-9 and _')
    .optional()
    .describe('the replication slot, made at the first start; default: slipstream_<name>'),
  publication: z
    .string()
    .min(1)
    .max(63)
    .optional()
    .describe('the publication, made at the first start; default: slipstream_<name>'),
  replicaIdentity: z
    .enum(['full', 'read-back'])
    .default('full')
    .describe(
      'full: tables log whole rows, and are made to; read-back: tables stay as they are, and long values that an update left alone are read at the source when a store needs them, perhaps newer ones',
    ),
  copy: z
    .strictObject({
      chunkRows: z
        .int()
        .min(1)
        .max(100_000)
        .default(5_000)
        .describe('rows read at once; fewer when rows are so wide that 4 MiB would be passed'),
      // Without defaults: a pipeline that runs was parsed before there were these, and has to stay the same as its file.
      rowsPerSecond: z
        .int()
        .min(10)
        .max(10_000_000)
        .optional()
        .describe('no more rows are asked of the source within any second, evenly spread; default: as fast as it goes'),
      queryMilliseconds: z
        .int()
        .min(10)
        .max(60_000)
        .optional()
        .describe("what a chunk's query should stay under: chunks are made smaller when it does not; default: 1000"),
    })
    .default({ chunkRows: 5_000 })
    .describe('how the rows that are there already are read: by key, in chunks, beside the stream'),
});

const log = z.strictObject({
  prefix: identifier('a topic prefix')
    .optional()
    .describe('what the topics begin with, and so which log it is; default: the pipeline name'),
  partitions: z.int().min(1).max(64).default(4).describe('partitions of each topic; fixed once the log is begun'),
  replicationFactor: z
    .int()
    .min(1)
    .max(9)
    .default(1)
    .describe('copies of each partition; 3 where a broker may be lost, 1 for one broker'),
  windowDays: z
    .int()
    .min(1)
    .max(3650)
    .default(7)
    .describe('full history is kept this long, the latest row per key for ever; a store away for longer is rebuilt'),
  maxMessageBytes: z
    .int()
    .min(1_048_576)
    .max(67_108_864)
    .default(16_777_216)
    .describe('the largest record, and so about the largest row, that the topics take; they are made with it'),
  oversized: z
    .enum(['block', 'reference'])
    .default('block')
    .describe('a larger row stops capture, or goes without its largest columns, which stores then read at the source'),
});

const slice = z.strictObject({
  batches: z
    .int()
    .min(1)
    .optional()
    .describe('step mode, for demonstrations: each activity ends after this many micro-batches'),
  seconds: z.int().min(1).max(60).default(30).describe('how long one activity of a store works, about'),
  heartbeatSeconds: z.int().min(2).max(60).default(10).describe('a worker silent for this long has lost its slice'),
});

export const pipelineSchema = z.strictObject({
  $schema: z.string().optional().describe('where editors find the JSON Schema of this file; ignored otherwise'),
  name: identifier('a pipeline name').describe("the pipeline's name: its workflow is sync/<name>"),
  source: source.describe('the PostgreSQL database that leads'),
  log: log
    .default({ partitions: 4, replicationFactor: 1, windowDays: 7, maxMessageBytes: 16_777_216, oversized: 'block' })
    .describe('the topics in Kafka that keep the order of writes'),
  stores: z
    .record(identifier('a store name').meta({ not: { enum: ['capture', 'sync', 'audit'] } }), storeSchema)
    .refine((all) => Object.keys(all).length > 0, 'name at least one store')
    .meta({ minProperties: 1, description: 'store name → what follows the log; capture, sync and audit are reserved' }),
  slice: slice
    .default({ seconds: 30, heartbeatSeconds: 10 })
    .describe('how long one activity works before its progress becomes workflow state'),
  require: demands('every store'),
});

/** What people write. */
export type PipelineFile = z.input<typeof pipelineSchema>;
/** What the parser makes of it; `model/pipeline.ts` completes it. */
export type ParsedFile = z.output<typeof pipelineSchema>;
export type StoreDefinition = z.output<typeof storeSchema>;
export type SecretReference = z.output<typeof secret>;
