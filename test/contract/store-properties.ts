import fc from 'fast-check';
import { announceSeed } from '../support/random';
import { changesOf, logs, operations, type Operation } from './properties/operations';
import { createWorld, look, perform } from './properties/world';
import { isAssertion, withSubject, type StoreAdapter } from './store-contract';

/**
 * Whatever two workers, operators and crashes do to a store, and in whatever order, it does what a small reference does,
 * and holds the fold of the log up to its own record. Random runs, shrunk to the shortest that fails; a run is repeated
 * by its seed, and SLIPSTREAM_TEST_PROPERTY_RUNS asks for more of them.
 */
export function describeStoreProperties(adapter: StoreAdapter, runs: number): void {
  test(`the ${adapter.name} store does what the reference does, in any order of operations`, async () => {
    const seed = announceSeed(`properties of ${adapter.name}`);
    const numRuns = Number(process.env['SLIPSTREAM_TEST_PROPERTY_RUNS'] ?? runs);
    await fc.assert(property(adapter), { seed, numRuns });
  }, 600_000);
}

/** For controls: some run must break a sabotaged store, by an assertion and not by a server that is not there. */
export async function expectPropertiesToFail(adapter: StoreAdapter, numRuns: number): Promise<void> {
  const { failed, errorInstance } = await fc.check(property(adapter), { seed: 1, numRuns, endOnFailure: true });
  if (!failed) throw new Error(`${numRuns} runs pass with the mechanism sabotaged: they prove nothing.`);
  if (!isAssertion(errorInstance)) throw errorInstance;
}

function property(adapter: StoreAdapter) {
  return fc.asyncProperty(logs, operations, (log, order) => run(adapter, log, order));
}

/** A lane that is owned, so that few operations are spent on getting there. */
const beginning: readonly Operation[] = [
  { kind: 'prepare', process: 0, generation: 1 },
  { kind: 'acquire', process: 0, generation: 1, age: 'newer' },
];

async function run(adapter: StoreAdapter, log: number, order: readonly Operation[]): Promise<void> {
  await withSubject(adapter, async (subject) => {
    const world = await createWorld(subject, changesOf(log));
    for (const operation of [...beginning, ...order]) {
      await perform(world, operation);
      await look(world, operation.generation);
    }
    await look(world);
  });
}
