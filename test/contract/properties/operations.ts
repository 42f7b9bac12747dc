import fc from 'fast-check';
import { coalesce, type Mutation } from '../../../model/mutation';
import type { Cut } from '../tap';
import { seeded } from '../../support/random';
import { account, withoutAccount } from '../fixture';

/** One thing that a worker, an operator or the server does. Processes are 0 and 1, generations 1 and 2. */
export type Operation = { readonly process: number; readonly generation: number } & (
  | { readonly kind: 'prepare' | 'release' | 'promote' | 'drop' | 'restart' }
  /** `newer` than all before it, `older` than the lane's owner, or the `same` that this process had last. */
  | { readonly kind: 'acquire'; readonly age: 'newer' | 'older' | 'same' }
  /** With the owner this process had last, who may have been replaced: then it is a late batch. */
  | {
      readonly kind: 'apply';
      /** From where the store stands, from before, or from beyond it. */
      readonly begin: 'next' | 'passed' | 'beyond';
      readonly size: number;
      readonly closed: boolean;
    }
  /** The last batch of this process once more, as it was. */
  | { readonly kind: 'again' }
  /** Both processes take the lane at once, and both write the same range. */
  | { readonly kind: 'race'; readonly size: number }
  /** The process dies in a batch, and the other one goes on. */
  | { readonly kind: 'die'; readonly size: number; readonly cut: Cut }
);

const place = { process: fc.nat({ max: 1 }), generation: fc.integer({ min: 1, max: 2 }) };
const size = fc.integer({ min: 1, max: 6 });
const plain = (kind: 'prepare' | 'release' | 'promote' | 'drop' | 'restart' | 'again') =>
  fc.record({ ...place, kind: fc.constant(kind) });

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 2, arbitrary: plain('prepare') },
  { weight: 1, arbitrary: plain('release') },
  { weight: 2, arbitrary: plain('promote') },
  { weight: 1, arbitrary: plain('drop') },
  { weight: 1, arbitrary: plain('restart') },
  { weight: 2, arbitrary: plain('again') },
  {
    weight: 5,
    arbitrary: fc.record({
      ...place,
      kind: fc.constant('acquire' as const),
      age: fc.constantFrom('newer' as const, 'newer' as const, 'older' as const, 'same' as const),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      ...place,
      kind: fc.constant('apply' as const),
      begin: fc.constantFrom('next' as const, 'next' as const, 'next' as const, 'passed' as const, 'beyond' as const),
      size,
      closed: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ ...place, kind: fc.constant('race' as const), size }) },
  {
    weight: 2,
    arbitrary: fc.record({
      ...place,
      kind: fc.constant('die' as const),
      size,
      cut: fc.record({
        at: fc.integer({ min: 1, max: 5 }),
        when: fc.constantFrom('before' as const, 'after' as const),
      }),
    }),
  },
);

/** The changes of a few rows, which every generation is built from: its record at offset n is the n-th of them. */
export type Changes = readonly { readonly id: number; readonly deleted: boolean }[];

/** Long enough for what a run of `operations` can apply. Drawn from one number, so that a run that fails is short to read. */
export function changesOf(seed: number): Changes {
  const random = seeded(seed);
  return Array.from({ length: 250 }, () => ({ id: random.between(0, 3), deleted: random.chance(0.4) }));
}

/** The log of a run. */
export const logs: fc.Arbitrary<number> = fc.noShrink(fc.nat());

export const operations: fc.Arbitrary<readonly Operation[]> = fc.array(operation, { minLength: 10, maxLength: 30 });

const mutationAt = (changes: Changes, at: number): Mutation => {
  const { id = 0, deleted = true } = changes[at] ?? {};
  return deleted ? withoutAccount(id, at) : account(id, at, at);
};

/** Offsets `from` up to `to`, as a lane would give them to a store. */
export function mutationsOf(changes: Changes, from: number, to: number): readonly Mutation[] {
  return coalesce(Array.from({ length: to - from }, (_, index) => mutationAt(changes, from + index)));
}

/** What a store must hold that has come to `next`: document id → balance. */
export function fold(changes: Changes, next: number): Record<string, unknown> {
  const held = new Map<string, unknown>();
  for (const { id, document } of mutationsOf(changes, 0, next)) if (document) held.set(id, document['balance']);
  return Object.fromEntries(held);
}
