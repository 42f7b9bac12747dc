import { InvalidConfig, Unavailable } from '../../model/errors';
import { describeFinding } from '../../model/finding';
import { judgeMapping } from '../../model/judge-mapping';
import { documentsOf, targetColumns } from '../../model/mapping';
import type { StoreDefinition } from '../../model/pipeline';
import { origin } from '../../model/position';
import type { TableSchema } from '../../model/schema';
import { behind, describe, mismatch, missing } from '../ownership';
import type { Generation, Inspection, Lane, StoreContext } from '../store';
import type { Connection, Reply } from './client';
import type { Columns } from './documents';
import { newRecord, parseRecord } from './lane';
import type { Names } from './names';
import type { Scripts } from './scripts';

/** What the store says of a generation. JSON in `{key}:generations`. Persistent: pinned by a test, like the record. */
export interface Meta {
  readonly format: 1;
  readonly pipeline: string;
  readonly store: string;
  readonly generation: number;
  readonly mappingHash: string;
  readonly logId: string;
  readonly definition: StoreDefinition;
  readonly columns: Columns;
}

export interface Place {
  readonly connection: Connection;
  readonly scripts: Scripts;
  readonly names: Names;
  readonly context: StoreContext;
}

/** One lane per generation to begin with. */
const lane: Lane = { index: 0 };

/** Documents removed in one step: others wait for so long, some milliseconds. */
const sweepDocuments = 500;

/** Creates what is missing, or adopts what an earlier attempt created. */
export async function prepareGeneration(place: Place, generation: Generation): Promise<void> {
  const { connection, names } = place;
  await refuseNeighbours(place);
  const meta = (await readMeta(place, generation)) ?? (await createGeneration(place, generation));
  checkMeta(meta, generation);
  // They were created in one step, so a record that is not there was lost, and that must not read as "from the beginning".
  if (!parseRecord(await connection.ask(['HGETALL', names.lane(generation.number, lane)])))
    throw behind(generation, lane);
}

async function createGeneration(place: Place, generation: Generation): Promise<Meta | null> {
  const { connection, scripts, names, context } = place;
  const { pipeline, store, number, mappingHash, logId } = generation;
  const { definition } = context;
  const columns = columnsOf(definition, await context.catalogue());
  const meta: Meta = { format: 1, pipeline, store, generation: number, mappingHash, logId, definition, columns };
  const created = await connection.run(scripts.create, {
    keys: [names.generations, names.dropping, names.lane(number, lane), names.ids(number)],
    args: [number, JSON.stringify(meta), ...Object.entries<string>({ ...newRecord(generation) }).flat()],
  });
  if (created === 'dropping') {
    // Somebody was killed in the middle of it: what is left of the old documents must not be taken for new ones.
    await sweep(place, number);
    return createGeneration(place, generation);
  }
  if (created === 'taken') {
    throw new InvalidConfig(
      `There are keys where ${describe(generation)} has to be, and no record of ours says whose they are. Remove ${names.documents(number)}*, or give the store another key.`,
    );
  }
  return readMeta(place, generation);
}

/** Throws `InvalidConfig` for what the mapping names and the source does not have. */
function columnsOf(definition: StoreDefinition, catalogue: readonly TableSchema[]): Columns {
  const problems: string[] = [];
  const columns: Record<string, Record<string, string>> = {};
  for (const [name, mapping] of Object.entries(definition.tables)) {
    const table = catalogue.find((each) => each.name === name);
    if (!table) {
      problems.push(`The source has no table ${name}. Remove it from the store or create it.`);
      continue;
    }
    problems.push(...judgeMapping(name, table, mapping).map(describeFinding));
    for (const { target, mapping: each } of documentsOf(definition, name)) {
      const held = targetColumns(table, each).map(({ name: as, column }) => [as, column.baseType] as const);
      columns[target] = Object.fromEntries(held);
    }
  }
  if (problems.length > 0) throw new InvalidConfig(`The store cannot hold these tables: ${problems.join(' ')}`);
  return columns;
}

export async function readMeta({ connection, names }: Place, { number }: Generation): Promise<Meta | null> {
  const text = await connection.ask(['HGET', names.generations, number]);
  return typeof text === 'string' ? (JSON.parse(text) as Meta) : null;
}

/** Throws `InvalidConfig` when another store's generations are under this key. */
async function refuseNeighbours(place: Place): Promise<void> {
  const { context } = place;
  for (const { meta } of (await survey(place)).found) {
    if (meta.pipeline === context.pipeline && meta.store === context.store) continue;
    throw new InvalidConfig(
      `The key prefix of store ${context.pipeline}/${context.store} is already that of ${meta.pipeline}/${meta.store}. Give each store a key of its own.`,
    );
  }
}

export function checkMeta(meta: Meta | null, generation: Generation): asserts meta is Meta {
  if (!meta) throw missing(generation);
  const problem = mismatch(meta, generation);
  if (problem) throw problem;
}

interface Survey {
  readonly current: string | null;
  readonly found: readonly { readonly meta: Meta; readonly record: ReturnType<typeof parseRecord> }[];
}

/** Everything under the store's key, as it stood at one moment. */
async function survey({ connection, scripts, names }: Place): Promise<Survey> {
  const reply = await connection.run(scripts.inspect, {
    keys: [names.current, names.generations],
    args: names.aroundLane(lane),
  });
  const [current, all] = reply as readonly [string | null, readonly (readonly [string, string, Reply])[]];
  return {
    current,
    found: all.map(([, text, record]) => ({ meta: JSON.parse(text) as Meta, record: parseRecord(record) })),
  };
}

export async function inspectGenerations(place: Place): Promise<Inspection> {
  const { pipeline, store } = place.context;
  const { current, found } = await survey(place);
  const generations = found
    .filter(({ meta }) => meta.pipeline === pipeline && meta.store === store)
    .map(({ meta, record }) => {
      const { generation: number, mappingHash, logId, definition } = meta;
      const { next, position, positionAt } = record ?? { next: {}, position: origin, positionAt: 0 };
      return { number, mappingHash, logId, definition, next, position, positionAt };
    })
    .sort((left, right) => left.number - right.number);
  const live = generations.find(({ number }) => String(number) === current);
  return { generations, live: live?.number ?? null };
}

/** Invariant 7: readers move from one generation to the other by one write of the key that they read first. */
export async function promoteGeneration(place: Place, generation: Generation): Promise<void> {
  const { connection, scripts, names } = place;
  checkMeta(await readMeta(place, generation), generation);
  const keys = [names.current, names.generations];
  const promoted = await connection.run(scripts.promote, { keys, args: [generation.number] });
  if (promoted !== 1) throw missing(generation);
}

/** First nobody can write or find it any more, then its documents go, some at a time; an interrupted one is gone on with. */
export async function dropGeneration(place: Place, generation: Generation): Promise<void> {
  const { connection, scripts, names } = place;
  const { number } = generation;
  await refuseNeighbours(place);
  const retired = await connection.run(scripts.retire, {
    keys: [names.current, names.generations, names.dropping, names.lane(number, lane)],
    args: [number],
  });
  if (retired === 'live') {
    throw new InvalidConfig(`Readers use ${describe(generation)}: promote another one before dropping it.`);
  }
  if ((await connection.ask(['HEXISTS', names.dropping, number])) === 1) await sweep(place, number);
}

async function sweep({ connection, scripts, names }: Place, number: number): Promise<void> {
  const keys = [names.dropping, names.ids(number)];
  const args = [number, names.documents(number), sweepDocuments];
  while ((await connection.run(scripts.sweep, { keys, args })) !== 0);
}

/** Notes the columns that a generation holds from now on: no document is touched. */
export async function noteColumns(place: Place, meta: Meta, columns: Columns): Promise<void> {
  const { connection, scripts, names } = place;
  const args = [meta.generation, JSON.stringify(meta), JSON.stringify({ ...meta, columns } satisfies Meta)];
  if ((await connection.run(scripts.describe, { keys: [names.generations], args })) === 1) return;
  throw new Unavailable(
    `Somebody else changed generation ${meta.generation} of ${meta.pipeline}/${meta.store} meanwhile. It is tried again.`,
  );
}
