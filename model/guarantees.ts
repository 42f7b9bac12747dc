import type { Capabilities } from './capabilities';

/** What may be promised of a store. Published: a pipeline's `require` names them, and docs/guarantees.md explains them. */
export const guaranteeNames = [
  'nothing-lost',
  'order-per-row',
  'exactly-once-effect',
  'transaction-consistent',
  'atomic-rebuild',
  'resumes-without-temporal',
  'values-exact',
] as const;
export type Guarantee = (typeof guaranteeNames)[number];

/** What the pipeline adds to what its store can do. */
export interface Circumstances {
  readonly capabilities: Capabilities;
  /** Copies of each partition of the log. */
  readonly logCopies: number;
  /** Records that cannot be mapped or stored are set aside by policy, instead of blocking. */
  readonly parks: boolean;
  /** Some values are read at the source when they are needed: by `read-back`, or by reference where they are too large. */
  readonly readsAtSource: boolean;
  /** What the mapping and the store's types lose of values, a sentence each; null: the tables were not looked at. */
  readonly losses: readonly string[] | null;
}

/** One line of the guarantee sheet. */
export interface SheetLine {
  readonly guarantee: Guarantee;
  /** `weakened`: it holds but for what `because` says. */
  readonly verdict: 'given' | 'weakened' | 'not given';
  /** What is promised, in plain words. */
  readonly promise: string;
  /** Why it is not given, or not wholly; empty when it is. */
  readonly because: readonly string[];
  /** What it rests on. */
  readonly premises: readonly string[];
}

/** What is wanting: `lacks` takes the guarantee away, `weakens` leaves it but for what is said. */
interface Judgement {
  readonly lacks: readonly (string | null)[];
  readonly weakens: readonly (string | null)[];
  readonly premises: readonly (string | null)[];
}

interface Rule {
  readonly promise: string;
  readonly judge: (circumstances: Circumstances) => Judgement;
}

const ownPlace = "nobody else writes to the store's own tables, indexes and keys";
const setAside = 'a record that cannot be stored is set aside with its key, until somebody retries or skips it';

const retriedInVain =
  'a record that was retried moves no offset: what the server forgets of it in a crash is not read again';

const rules: Readonly<Record<Guarantee, Rule>> = {
  'nothing-lost': {
    promise: 'Every committed change of its tables reaches the store, however often processes are killed.',
    judge: ({ capabilities, logCopies, parks }) => ({
      lacks: [capabilities.acceptanceRecord ? null : 'the store cannot say how far it has come'],
      weakens: [parks ? setAside : null, parks && capabilities.durability === 'by-setting' ? retriedInVain : null],
      premises: [
        'the slot and the log are left to Slipstream: what is missing there is said (BLOCKED), and not passed over',
        logCopies > 1
          ? `Kafka keeps what it has acknowledged, on ${logCopies} brokers (min.insync.replicas above 1)`
          : 'the disk of the one broker with the log is not lost: log.replicationFactor is 1',
        capabilities.durability === 'by-setting'
          ? 'what the server forgets in a crash goes with its offsets, and is read again while the log holds it'
          : null,
      ],
    }),
  },
  'order-per-row': {
    promise: 'The changes of a row take effect in the order of their commits.',
    judge: ({ capabilities }) => ({
      lacks: [noFence(capabilities)],
      weakens: [],
      premises: ['the topics keep the number of partitions they were begun with'],
    }),
  },
  'exactly-once-effect': {
    promise: 'A change takes effect once: written again, or late by a worker thought dead, it changes nothing.',
    judge: ({ capabilities }) => ({
      lacks: [
        noFence(capabilities),
        capabilities.offsetsWithData || capabilities.versions !== 'none'
          ? null
          : 'a batch that was written by half cannot be told from a new one',
      ],
      weakens: [],
      premises: [
        ownPlace,
        capabilities.offsetsWithData || remembersAll(capabilities)
          ? null
          : `a repeated batch runs to its end: until then a document that it deletes may be seen once more${forgets(capabilities) ?? ''}`,
      ],
    }),
  },
  'transaction-consistent': {
    promise: 'Readers move from commit to commit of the source, and never see half a transaction.',
    judge: ({ capabilities, parks }) => ({
      lacks: [capabilities.transactionConsistent ? null : shownAs(capabilities)],
      weakens: [parks ? setAside : null],
      premises: ['readers use the views and look at one snapshot'],
    }),
  },
  'atomic-rebuild': {
    promise: 'Readers pass from one build of the store to the next in one step, and never back in time.',
    judge: ({ capabilities }) => ({
      lacks: [capabilities.atomicPromote ? null : 'the store cannot move its readers in one step'],
      weakens: [],
      premises: ['readers use the name that the pipeline file gives, not that of a generation'],
    }),
  },
  'resumes-without-temporal': {
    promise: "With Temporal's state lost, a start goes on where the store says that it is.",
    judge: ({ capabilities }) => ({
      lacks: [capabilities.acceptanceRecord ? null : 'the store keeps no record that can be read back'],
      weakens: [],
      premises: ['the log still holds what follows'],
    }),
  },
  'values-exact': {
    promise: 'Values are held as PostgreSQL writes them.',
    judge: ({ readsAtSource, losses }) => ({
      lacks: [],
      weakens: [
        readsAtSource ? 'long values may be read at the source, where they can be newer than their row' : null,
        ...(losses ?? []),
      ],
      premises: [losses === null ? 'the types of the columns, which were not looked at (docs/types.md)' : null],
    }),
  },
};

function noFence({ fence }: Capabilities): string | null {
  return fence === 'none' ? 'nothing refuses the late write of a worker that was replaced' : null;
}

function remembersAll({ versions, dedupeHorizonSeconds }: Capabilities): boolean {
  return versions === 'shares' || (versions === 'documents-and-deletes' && dedupeHorizonSeconds === null);
}

function shownAs({ versions }: Capabilities): string {
  return versions === 'shares'
    ? 'rows are written over several connections, and shown as each of them commits'
    : 'documents are shown one by one as they are written';
}

function forgets({ dedupeHorizonSeconds }: Capabilities): string | null {
  return dedupeHorizonSeconds === null ? null : ` (deletes are remembered for ${dedupeHorizonSeconds} s)`;
}

/** The guarantee sheet of one store. Pure. */
export function guaranteesOf(circumstances: Circumstances): readonly SheetLine[] {
  return guaranteeNames.map((guarantee) => {
    const { promise, judge } = rules[guarantee];
    const { lacks, weakens, premises } = judge(circumstances);
    const [missing, weaker] = [said(lacks), said(weakens)];
    const verdict = missing.length > 0 ? 'not given' : weaker.length > 0 ? 'weakened' : 'given';
    return { guarantee, verdict, promise, because: [...missing, ...weaker], premises: said(premises) };
  });
}

/** What each name promises, for the docs. */
export function promiseOf(guarantee: Guarantee): string {
  return rules[guarantee].promise;
}

function said(sentences: readonly (string | null)[]): string[] {
  return sentences.filter((sentence) => sentence !== null);
}
