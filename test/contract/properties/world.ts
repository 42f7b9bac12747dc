import { Blocked, Fenced, InvalidConfig, Unavailable } from '../../../model/errors';
import type { Applied, Generation, Store } from '../../../stores/store';
import { apply, balances, ContractBroken, generation, lane as lane0, offsets } from '../fixture';
import type { CheckSubject } from '../check';
import { createTap, type TestTap } from '../tap';
import { fold, mutationsOf, type Changes, type Operation } from './operations';
import {
  baseOf,
  createReference,
  endOwnTransaction,
  judge,
  loseHeld,
  mayTake,
  newerOwner,
  ownerHad,
  ownerOf,
  owns,
  take,
  type Lane,
  type Reference,
} from './reference';

interface Process {
  readonly store: Store;
  readonly tap: TestTap;
}

type BatchOf = Parameters<typeof apply>[2];

/** Two processes with their stores, one that only looks, and the reference that says what they have to do. */
export interface World {
  readonly subject: CheckSubject;
  readonly changes: Changes;
  readonly processes: readonly Process[];
  readonly looker: Store;
  readonly reference: Reference;
  readonly last: Map<string, BatchOf>;
}

export async function createWorld(subject: CheckSubject, changes: Changes): Promise<World> {
  const processes: Process[] = [];
  for (const tap of [createTap(), createTap()]) processes.push({ tap, store: await subject.open(undefined, tap.tap) });
  const looker = await subject.open();
  return { subject, changes, processes, looker, reference: createReference(), last: new Map() };
}

type Outcome<Result> = { readonly result: Result } | { readonly error: unknown };

async function outcomeOf<Result>(work: Promise<Result>): Promise<Outcome<Result>> {
  return work.then(
    (result) => ({ result }),
    (error: unknown) => ({ error }),
  );
}

/** Carries out one operation and holds its outcome against the reference, which goes along. */
export async function perform(world: World, operation: Operation): Promise<void> {
  const { reference, looker } = world;
  const number = operation.generation;
  const of = generation(number);
  const lane = reference.lanes.get(number);
  const { store } = processOf(world, operation.process);
  switch (operation.kind) {
    case 'prepare':
      // A number is never used twice.
      if (reference.dropped.has(number)) return;
      await store.prepare(of);
      if (!lane) reference.lanes.set(number, { owner: null, next: 0, held: null, lost: new Set() });
      return;
    case 'acquire':
      return acquire(world, operation, operation.age);
    case 'release':
      await store.release(of, lane0);
      if (lane) endOwnTransaction(lane, operation);
      return;
    case 'apply': {
      const base = lane ? baseOf(lane, operation) : 0;
      const from = { next: base, passed: Math.max(0, base - operation.size), beyond: base + 1 }[operation.begin];
      const batch = batchOf(world, { ...operation, from, to: from + operation.size });
      return write(world, operation, batch);
    }
    case 'again': {
      const batch = world.last.get(`${operation.process}/${number}`);
      return batch ? write(world, operation, batch) : undefined;
    }
    case 'promote':
      if (!lane) return expectError(await outcomeOf(store.promote(of)), [Blocked]);
      await store.promote(of);
      reference.live = number;
      return;
    case 'drop':
      // As the workflow does it: whoever holds something open there gives it up first.
      if (lane?.held) await processOf(world, lane.held.process).store.release(of, lane0);
      if (lane) lane.held = null;
      if (reference.live === number) return expectError(await outcomeOf(looker.drop(of)), [InvalidConfig]);
      await looker.drop(of);
      if (lane) reference.dropped.add(number);
      reference.lanes.delete(number);
      return;
    case 'restart':
      await world.subject.restart();
      for (const each of reference.lanes.values()) loseHeld(each);
      return;
    case 'race':
      return race(world, operation, operation.size);
    case 'die':
      return die(world, operation);
  }
}

function processOf({ processes }: World, index: number): Process {
  const found = processes[index];
  if (!found) throw new Error(`There is no process ${index}.`);
  return found;
}

function batchOf(
  { reference, changes }: World,
  input: { process: number; generation: number; from: number; to: number; closed: boolean },
): BatchOf {
  const { from, to, closed } = input;
  const live = reference.live === input.generation;
  return { owner: ownerHad(reference, input), from, to, mutations: mutationsOf(changes, from, to), closed, live };
}

async function acquire(world: World, place: Operation, age: 'newer' | 'older' | 'same'): Promise<void> {
  const { reference } = world;
  const lane = reference.lanes.get(place.generation);
  const candidate = {
    newer: () => newerOwner(reference, place),
    older: () => ownerOf((lane?.owner?.scheduledMs ?? 1000) - 5, place),
    same: () => ownerHad(reference, place),
  }[age]();
  const { store } = processOf(world, place.process);
  const outcome = await outcomeOf(store.acquire(generation(place.generation), lane0, candidate));
  if (!lane) return expectError(outcome, [Blocked]);
  endOwnTransaction(lane, place);
  if (!mayTake(lane, candidate)) return expectError(outcome, [Fenced]);
  take(reference, place, candidate);
  expect(resultOf(outcome).next).toEqual(offsets(lane.next));
}

/** Gives a batch to the store, and says what must come of it. */
async function write(world: World, place: Operation, batch: BatchOf): Promise<void> {
  const { reference, last } = world;
  last.set(`${place.process}/${place.generation}`, batch);
  const lane = reference.lanes.get(place.generation);
  const { store } = processOf(world, place.process);
  const outcome = await outcomeOf(apply(store, generation(place.generation), batch));
  if (!lane) return expectError(outcome, [Blocked, Fenced, Unavailable]);
  if (lane.lost.has(place.process)) return afterLoss(lane, place, { batch, outcome });
  if (!owns(lane, batch.owner)) return expectError(outcome, [Fenced]);
  const wasHeld = lane.held !== null;
  const verdict = judge(baseOf(lane, place), batch);
  if (verdict === 'behind') {
    // What was held open before it is given up with it; if the record itself has all of the batch, it may say so.
    lane.held = null;
    if ('error' in outcome) expectError(outcome, wasHeld ? [Blocked, Unavailable] : [Blocked]);
    else expect(wasHeld && batch.to === lane.next).toBe(true);
    return;
  }
  const { durable, upserts, deletes, repeated } = resultOf(outcome);
  expect(upserts + deletes + repeated).toBe((batch.mutations ?? []).length);
  if (verdict === 'repeated' && !wasHeld) return expect(durable).toBe(true);
  if (verdict === 'apply')
    expect(durable).toBe(!store.capabilities.transactionConsistent || batch.closed || !batch.live);
  const reached = verdict === 'apply' ? batch.to : baseOf(lane, place);
  lane.held = durable ? null : { process: place.process, next: reached };
  if (durable) lane.next = reached;
}

/** A process whose transaction was lost is refused until it acquires again, or begins where the record stands. */
function afterLoss(lane: Lane, place: Operation, input: { batch: BatchOf; outcome: Outcome<Applied> }): void {
  const { batch, outcome } = input;
  if ('error' in outcome) return expectError(outcome, [Fenced, Unavailable, Blocked]);
  expect(owns(lane, batch.owner)).toBe(true);
  const verdict = judge(lane.next, batch);
  expect(verdict).not.toBe('behind');
  lane.lost.delete(place.process);
  if (verdict === 'repeated') return;
  if (outcome.result.durable) lane.next = batch.to;
  else lane.held = { process: place.process, next: batch.to };
}

/** Whoever has the lane in the end, the range is there once or not at all, and who was told that it is was told so rightly. */
async function race(world: World, place: Operation, size: number): Promise<void> {
  const { reference } = world;
  const lane = reference.lanes.get(place.generation);
  if (!lane) return;
  const of: Generation = generation(place.generation);
  const from = lane.next;
  const contenders = world.processes.map((process, index) => ({
    ...process,
    owner: newerOwner(reference, { ...place, process: index }),
  }));
  const outcomes = await Promise.all(
    contenders.map(async ({ store, owner }) => {
      const taken = await outcomeOf(store.acquire(of, lane0, owner));
      if ('error' in taken) return taken;
      const mutations = mutationsOf(world.changes, from, from + size);
      return outcomeOf(apply(store, of, { owner, from, to: from + size, mutations }));
    }),
  );
  for (const outcome of outcomes) if ('error' in outcome) expectError(outcome, [Fenced, Unavailable]);
  const applied = outcomes.some((outcome) => 'result' in outcome);
  lane.held = null;
  lane.lost.clear();
  await settle(world, place, { from, to: from + size, applied });
}

/** The process loses its connection at one request of a batch; the other one takes the lane and goes on at the record. */
async function die(world: World, operation: Extract<Operation, { kind: 'die' }>): Promise<void> {
  const { reference, processes } = world;
  const lane = reference.lanes.get(operation.generation);
  if (!lane || !owns(lane, ownerHad(reference, operation)) || lane.lost.has(operation.process)) return;
  const { store, tap } = processOf(world, operation.process);
  const from = baseOf(lane, operation);
  const to = from + operation.size;
  tap.cut(operation.cut);
  const batch = batchOf(world, { ...operation, from, to, closed: true });
  const outcome = await outcomeOf(apply(store, generation(operation.generation), batch));
  tap.cut(null);
  if ('error' in outcome) expectError(outcome, [Unavailable]);
  loseHeld(lane);
  lane.lost.add(operation.process);
  const other = { ...operation, process: (operation.process + 1) % processes.length };
  await settle(world, other, { from: lane.next, to, applied: 'result' in outcome });
}

/** A new owner looks how far a range has come whose writer's fate is not known, and writes the rest of it. */
async function settle(
  world: World,
  place: Operation,
  { from, to, applied }: { from: number; to: number; applied: boolean },
): Promise<void> {
  const { reference } = world;
  const lane = reference.lanes.get(place.generation);
  if (!lane) throw new Error('there is no such lane');
  const { store } = processOf(world, place.process);
  const candidate = newerOwner(reference, place);
  const { next } = await store.acquire(generation(place.generation), lane0, candidate);
  endOwnTransaction(lane, place);
  take(reference, place, candidate);
  const reached = Number(next['contract.positions']?.['0'] ?? 0);
  if (reached !== from && reached !== to) throw new ContractBroken(`a batch stopped in its middle: at ${reached}`);
  if (applied) expect(reached).toBe(to);
  lane.next = reached;
  if (reached === to) return;
  await write(world, place, batchOf(world, { ...place, from: reached, to, closed: true }));
}

/** What there is to see of one generation, or of all, and what readers see, against the reference. */
export async function look({ subject, looker, reference, changes }: World, only: number | null = null): Promise<void> {
  const { generations, live } = await looker.inspect();
  expect(live).toBe(reference.live);
  expect(Object.fromEntries(generations.map(({ number, next }) => [number, next]))).toEqual(
    Object.fromEntries([...reference.lanes].map(([number, { next }]) => [number, offsets(next)])),
  );
  for (const [number, { next }] of reference.lanes) {
    if (only !== null && only !== number) continue;
    expect(await balances(looker, generation(number))).toEqual(fold(changes, next));
  }
  if (reference.live === null) return;
  const rows = (await subject.read('accounts')) ?? {};
  const seen = Object.values(rows).map((row) => row['balance']);
  expect(seen.sort()).toEqual(Object.values(fold(changes, reference.lanes.get(reference.live)?.next ?? 0)).sort());
}

function resultOf<Result>(outcome: Outcome<Result>): Result {
  if ('result' in outcome) return outcome.result;
  throw new ContractBroken(`refused what it must do: ${String(outcome.error)}`);
}

function expectError(outcome: Outcome<unknown>, kinds: readonly (abstract new (...args: never[]) => Error)[]): void {
  if ('result' in outcome) throw new ContractBroken('did what it must refuse');
  if (kinds.some((kind) => outcome.error instanceof kind)) return;
  throw new ContractBroken(`refused with ${String(outcome.error)}, not ${kinds.map(({ name }) => name).join(' or ')}`);
}
