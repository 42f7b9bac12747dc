import { capabilitiesOf } from '../../model/capabilities';
import { allDocuments, documentIn, targetColumns } from '../../model/mapping';
import { InvalidConfig, Unavailable } from '../../model/errors';
import type { DocumentBody, Mutation } from '../../model/mutation';
import type { Offsets } from '../../model/offsets';
import type { StoreDefinition } from '../../model/pipeline';
import { origin, type Position } from '../../model/position';
import { describe, behind, fenced, judgeBatch, mayOwn, mismatch, missing, type Verdict } from '../../stores/ownership';
import { refusal, throwRefused } from '../../stores/refused';
import type { Batch, Document, Generation, Owner, Store, StoreContext, TableVersion } from '../../stores/store';

/** One generation's content as a server would keep it on disk. Replaced as a whole, so a reader never sees a half. */
export interface MemoryGeneration {
  readonly mappingHash: string;
  readonly logId: string;
  readonly definition: StoreDefinition;
  /** Target → names of its integer columns: enough of a type system for a store that refuses a value. */
  readonly integers: ReadonlyMap<string, ReadonlySet<string>>;
  /** Target → column → type. */
  readonly columns: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly owner: Owner | null;
  readonly next: Offsets;
  readonly position: Position;
  readonly positionAt: number;
  readonly documents: ReadonlyMap<string, Document>;
}

/** What survives every "process": give the same one to several stores. */
export interface MemoryDurable {
  readonly generations: Map<number, MemoryGeneration>;
  live: number | null;
  /** Restarts so far: what was not durable went with each. */
  restarts: number;
}

export function createMemoryDurable(): MemoryDurable {
  return { generations: new Map(), live: null, restarts: 0 };
}

/** Mechanisms a control may sabotage. */
export interface MemoryParts {
  readonly judge: typeof judgeBatch;
  readonly mayOwn: typeof mayOwn;
  /** Around the one step in which data and offsets are kept. */
  readonly tap: <Answer>(send: () => Promise<Answer>) => Promise<Answer>;
}

/** What readers of the live generation see of one target, by document id; null: nothing has been promoted. */
export function readMemory(durable: MemoryDurable, target: string): Record<string, DocumentBody> | null {
  if (durable.live === null) return null;
  const documents = [...(durable.generations.get(durable.live)?.documents.values() ?? [])];
  return Object.fromEntries(documents.filter((each) => each.target === target).map(({ id, body }) => [id, body]));
}

/** The in-memory fake: data and offsets move together, and a transaction spans from closed point to closed point. */
export function openMemoryStore(
  context: StoreContext,
  durable: MemoryDurable,
  { judge, mayOwn: admits, tap }: MemoryParts = { judge: judgeBatch, mayOwn, tap: (send) => send() },
): Store {
  /** This process's open transaction per generation: lost with the process, seen by no reader. */
  const held = new Map<number, { readonly content: MemoryGeneration; readonly restarts: number }>();

  /** What this process holds open. A restart ends it, and whoever held it is told so once. */
  const heldOf = (generation: Generation): MemoryGeneration | undefined => {
    const found = held.get(generation.number);
    if (!found || found.restarts === durable.restarts) return found?.content;
    held.delete(generation.number);
    throw new Unavailable(`What was held open of ${describe(generation)} went with a restart.`);
  };

  const find = (generation: Generation): MemoryGeneration => {
    const found = durable.generations.get(generation.number);
    if (!found) throw missing(generation);
    return found;
  };

  return {
    capabilities: capabilitiesOf(context.definition),

    batchesAtOnce: 1,
    gatherMs: 0,

    async inspect() {
      const generations = [...durable.generations]
        .sort(([left], [right]) => left - right)
        .map(([number, { mappingHash, logId, definition, next, position, positionAt }]) => ({
          number,
          mappingHash,
          logId,
          definition,
          next,
          position,
          positionAt,
        }));
      return { generations, live: durable.live };
    },

    async prepare(generation) {
      const existing = durable.generations.get(generation.number);
      if (existing) {
        const problem = mismatch(existing, generation);
        if (problem) throw problem;
        return;
      }
      const integers = await integerColumns(context);
      durable.generations.set(generation.number, {
        mappingHash: generation.mappingHash,
        logId: generation.logId,
        definition: context.definition,
        integers,
        columns: await columnsOf(context),
        owner: null,
        next: {},
        position: origin,
        positionAt: 0,
        documents: new Map(),
      });
    },

    async acquire(generation, lane, owner) {
      held.delete(generation.number);
      const found = find(generation);
      const problem = mismatch(found, generation);
      if (problem) throw problem;
      if (!admits(found.owner, owner)) throw fenced(generation, lane);
      durable.generations.set(generation.number, { ...found, owner });
      const { next, position, positionAt, logId, mappingHash } = found;
      return { next, position, positionAt, logId, mappingHash };
    },

    apply: (generation, batch, signal) =>
      tap(async () => {
        signal.throwIfAborted();
        const committed = find(generation);
        // The fence looks at what is committed, the offsets at what this process holds open.
        const base = { ...(heldOf(generation) ?? committed), owner: committed.owner };
        const verdict: Verdict = judge(base, generation, batch);
        if (verdict !== 'apply' && verdict !== 'repeated') held.delete(generation.number);
        if (verdict === 'fenced') throw fenced(generation, batch.lane);
        if (verdict === 'behind') throw behind(generation, batch.lane);
        const total = batch.mutations.length;
        // What is held open stays so, and what is durable was so already.
        if (verdict === 'repeated')
          return { durable: !held.has(generation.number), upserts: 0, deletes: 0, repeated: total };
        const durably = batch.closed || !batch.live;
        const after = fold(base, batch, generation);
        if (durably) {
          durable.generations.set(generation.number, after);
          held.delete(generation.number);
        } else held.set(generation.number, { content: after, restarts: durable.restarts });
        const deletes = batch.mutations.filter((mutation) => mutation.document === null).length;
        return { durable: durably, upserts: total - deletes, deletes, repeated: 0 };
      }),

    async fit(generation, table) {
      const held = find(generation).columns.get(targetIn(context, table)) ?? new Map<string, string>();
      const wanted = targetColumns(table, documentIn(context.definition, table)?.mapping ?? {});
      return {
        absent: wanted.filter(({ name }) => !held.has(name)).map(({ name }) => name),
        other: wanted
          .filter(({ name, column }) => held.has(name) && held.get(name) !== column.type)
          .map(({ name }) => name),
        surplus: [...held.keys()].filter((name) => !wanted.some((each) => each.name === name)),
      };
    },

    async extend(generation, table, names) {
      const found = find(generation);
      const target = targetIn(context, table);
      const held = new Map(found.columns.get(target));
      for (const { name, column } of targetColumns(table, documentIn(context.definition, table)?.mapping ?? {})) {
        if (names.includes(name)) held.set(name, column.type);
      }
      durable.generations.set(generation.number, { ...found, columns: new Map(found.columns).set(target, held) });
    },

    async release(generation) {
      held.delete(generation.number);
    },

    async scan(generation, { target, after }, limit) {
      return [...find(generation).documents.values()]
        .filter((each) => each.target === target && (after === null || each.id > after))
        .sort((left, right) => (left.id < right.id ? -1 : 1))
        .slice(0, limit);
    },

    async promote(generation) {
      const problem = mismatch(find(generation), generation);
      if (problem) throw problem;
      durable.live = generation.number;
    },

    async drop(generation) {
      if (durable.live === generation.number) {
        throw new InvalidConfig(`Readers use ${describe(generation)}: promote another one before dropping it.`);
      }
      durable.generations.delete(generation.number);
    },

    async close() {
      held.clear();
    },
  };
}

function fold(base: MemoryGeneration, batch: Batch, generation: Generation): MemoryGeneration {
  const documents = new Map(base.documents);
  const unstorable = batch.mutations.flatMap((mutation) => {
    const column = otherThanInteger(base, mutation);
    return column === null ? [] : [refusal(generation, mutation, `${column} is no integer`)];
  });
  throwRefused(unstorable.slice(0, batch.refusalLimit ?? 1));
  for (const { id, target, document } of batch.mutations) {
    if (document === null) documents.delete(id);
    else documents.set(id, { id, target, body: document });
  }
  return { ...base, documents, next: batch.to, position: batch.position, positionAt: batch.positionAt };
}

function otherThanInteger(base: MemoryGeneration, { target, document }: Mutation): string | null {
  for (const column of base.integers.get(target) ?? []) {
    if (typeof document?.[column] === 'string' && !/^-?\d+$/.test(document[column])) return column;
  }
  return null;
}

function targetIn({ definition }: StoreContext, table: TableVersion): string {
  return documentIn(definition, table)?.target ?? table.name;
}

async function columnsOf({ definition, catalogue }: StoreContext): Promise<Map<string, Map<string, string>>> {
  const result = new Map<string, Map<string, string>>();
  const tables = new Map((await catalogue()).map((table) => [table.name, table]));
  for (const { table, target, mapping } of allDocuments(definition)) {
    const columns = targetColumns(tables.get(table) ?? { columns: [] }, mapping);
    result.set(target, new Map(columns.map(({ name, column }) => [name, column.type])));
  }
  return result;
}

async function integerColumns({ definition, catalogue }: StoreContext): Promise<Map<string, Set<string>>> {
  const tables = new Map((await catalogue()).map((table) => [table.name, table]));
  const result = new Map<string, Set<string>>();
  for (const { table: name, target, mapping } of allDocuments(definition)) {
    const table = tables.get(name);
    if (!table) continue;
    const integers = targetColumns(table, mapping).filter(({ column }) => /^(int[248]|integer)$/.test(column.baseType));
    result.set(target, new Set(integers.map((column) => column.name)));
  }
  return result;
}
