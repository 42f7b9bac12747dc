import { documentId } from '../../model/names';
import { Blocked, Fenced } from '../../model/errors';
import type { Row } from '../../model/change';
import type { Mutation } from '../../model/mutation';
import type { Offsets } from '../../model/offsets';
import type { StoreDefinition } from '../../model/pipeline';
import type { Column, TableSchema } from '../../model/schema';
import type { Applied, Batch, Document, Generation, Owner, Store } from '../../stores/store';

export const pipeline = 'contract';
export const storeName = 'store';

const column = (name: string, typeId: number, type: string, baseType: string, notNull = false): Column => ({
  name,
  typeId,
  type,
  baseType,
  notNull,
  generated: false,
});

/** The source's catalogue as every adapter's `StoreContext.catalogue` must give it. */
export const catalogue: readonly TableSchema[] = [
  {
    name: 'public.accounts',
    relationId: 1,
    columns: [
      column('id', 23, 'integer', 'int4', true),
      column('holder', 25, 'text', 'text'),
      column('balance', 23, 'integer', 'int4'),
      column('vip', 16, 'boolean', 'bool'),
    ],
    key: ['id'],
    replicaIdentity: 'f',
    estimatedRows: -1,
  },
  {
    name: 'public.lines',
    relationId: 2,
    columns: [
      column('order_id', 20, 'bigint', 'int8', true),
      column('product', 25, 'text', 'text', true),
      column('quantity', 23, 'integer', 'int4'),
      column('price', 1700, 'numeric(10,2)', 'numeric'),
    ],
    key: ['order_id', 'product'],
    replicaIdentity: 'f',
    estimatedRows: -1,
  },
];

export type Tables = StoreDefinition['tables'];

/** The mapping of a first generation. */
export const tables: Tables = { 'public.accounts': {}, 'public.lines': {} };
/** A later generation's: documents of the two can be told apart. */
export const renamedTables: Tables = {
  'public.accounts': { rename: { holder: 'owner_name' } },
  'public.lines': {},
};

export function generation(number: number, over: Partial<Generation> = {}): Generation {
  return { pipeline, store: storeName, number, mappingHash: `hash-${number}`, logId: 'log-a', ...over };
}

export function owner(scheduledMs: number, attempt = 1): Owner {
  return { scheduledMs, runId: 'run', activityId: 'slice', attempt };
}

export const lane = { index: 0 };

/** Next offsets of a log that stands at `next` on both topics. */
export function offsets(next: number): Offsets {
  return next === 0
    ? {}
    : { 'contract.positions': { 0: String(next) }, 'contract.public.accounts': { 0: String(next), 1: '0' } };
}

export const position = (next: number) => ({ lsn: String(next * 100), index: 0 });

export function account(id: number, balance: number | string, version: number, holder: string | null = `h${id}`) {
  return mutation('accounts', { id }, { id, holder, balance, vip: id % 2 === 0 }, version);
}

export function renamedAccount(id: number, balance: number, version: number): Mutation {
  return mutation('accounts', { id }, { id, owner_name: `h${id}`, balance, vip: id % 2 === 0 }, version);
}

export function withoutAccount(id: number, version: number): Mutation {
  return mutation('accounts', { id }, null, version);
}

export function line(orderId: string, product: string, quantity: number, version: number): Mutation {
  const key = { order_id: orderId, product };
  return mutation('lines', key, { ...key, quantity, price: '12.50' }, version);
}

export function mutation(target: string, key: Row, document: Row | null, version: number): Mutation {
  return { id: documentId(target, Object.values(key)), target, key, document, version: String(version) };
}

export interface BatchOptions {
  readonly owner: Owner;
  readonly from: number;
  readonly to: number;
  readonly mutations?: readonly Mutation[];
  readonly closed?: boolean;
  readonly live?: boolean;
}

export function batch({ owner, from, to, mutations = [], closed = true, live = false }: BatchOptions): Batch {
  return {
    lane,
    owner,
    from: offsets(from),
    to: offsets(to),
    mutations,
    closed,
    position: position(closed ? to : from),
    positionAt: 1_700_000_000_000 + (closed ? to : from),
    live,
  };
}

export function apply(store: Store, target: Generation, options: BatchOptions): Promise<Applied> {
  return store.apply(target, batch(options), new AbortController().signal);
}

/** Everything a generation holds of one target, read in pages of `limit`. */
export async function scanAll(store: Store, of: Generation, target: string, limit = 1000): Promise<Document[]> {
  const found: Document[] = [];
  for (;;) {
    const page = await store.scan(of, { target, after: found.at(-1)?.id ?? null }, limit);
    found.push(...page);
    if (page.length < limit) return found;
  }
}

export async function balances(store: Store, of: Generation): Promise<Record<string, unknown>> {
  return Object.fromEntries((await scanAll(store, of, 'accounts')).map(({ id, body }) => [id, body['balance']]));
}

/** What the store's own record says, as `offsets` counts. */
export async function recordedNext(store: Store, number: number): Promise<number> {
  const found = (await store.inspect()).generations.find((each) => each.number === number);
  return Number(found?.next['contract.positions']?.['0'] ?? 0);
}

/** The store did what it must refuse. */
export class ContractBroken extends Error {
  override readonly name = 'ContractBroken';
}

/** The error of a promise that must reject. */
export async function failure(promise: Promise<unknown>): Promise<Error> {
  const outcome = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  if (outcome === null) throw new ContractBroken('resolved, but had to reject');
  if (outcome instanceof Error) return outcome;
  throw new ContractBroken('rejected with something that is no Error');
}

export async function expectFenced(promise: Promise<unknown>): Promise<void> {
  expect(await failure(promise)).toBeInstanceOf(Fenced);
}

export async function expectBlocked(promise: Promise<unknown>, reason: Blocked['reason']): Promise<Blocked> {
  const error = await failure(promise);
  expect(error).toBeInstanceOf(Blocked);
  expect((error as Blocked).reason).toBe(reason);
  return error as Blocked;
}
