import type { Client } from 'pg';
import type { Database } from './database';
import { seeded, type Random } from './random';
import { insertMany, largeStep, NothingToDo, smallSteps, type Step } from './workload-steps';

export interface WorkloadOptions {
  readonly source: Database;
  readonly seed: number;
  /** Ends once about this many row changes are committed. */
  readonly changes: number;
  readonly writers?: number;
  /** Rows of the largest transaction. */
  readonly largest?: number;
  /** Upper bound, over all writers: leaves the two cores to the servers. */
  readonly changesPerSecond?: number;
  readonly signal?: AbortSignal;
  /** Called after every commit with the changes so far. */
  readonly onProgress?: (changes: number) => void;
}

export interface WorkloadResult {
  /** As the writers counted them; the ledger in the source is the authority. */
  readonly changes: number;
  readonly transactions: number;
  readonly rolledBack: number;
  readonly largest: number;
}

/** Runs a seeded workload of several writers. A writer whose connection is cut opens another and goes on. */
export async function runWorkload(options: WorkloadOptions): Promise<WorkloadResult> {
  const { writers = 3, seed } = options;
  const random = seeded(seed);
  const { largest = 1000 } = options;
  const tally = { changes: 0, transactions: 0, rolledBack: 0, largest: 0 };
  // Large ones are drawn, but the largest must come, once, whatever is drawn, and whatever becomes of a try.
  let largestIs: 'to come' | 'under way' | 'there' = largest < 50 ? 'there' : 'to come';
  const started = Date.now();
  const done = () => options.signal?.aborted === true || (tally.changes >= options.changes && largestIs !== 'to come');
  const write = async (own: Random) => {
    let client: Client | null = null;
    while (!done()) {
      const sure = largestIs === 'to come' && tally.changes > options.changes / 2;
      if (sure) largestIs = 'under way';
      try {
        client ??= await options.source.connect();
        const step = sure ? insertMany(largest) : drawLarge(own, largest);
        const changes = await writeTransaction(client, own, step);
        tally.changes += changes;
        tally.largest = Math.max(tally.largest, changes);
        if (changes > 0) tally.transactions += 1;
        else tally.rolledBack += 1;
        if (sure) largestIs = 'there';
        options.onProgress?.(tally.changes);
      } catch {
        // Deadlock, or a server that went away: this transaction is rolled back or of unknown fate, as users know it.
        tally.rolledBack += 1;
        if (sure) largestIs = 'to come';
        await client?.end().catch(() => undefined);
        client = null;
        await pause(afterErrorMs);
      }
      await pause(behindBy(tally.changes, started, options.changesPerSecond));
    }
    await client?.end().catch(() => undefined);
  };
  await Promise.all(Array.from({ length: writers }, () => write(random.fork())));
  return tally;
}

/** One transaction in fifty is large, of a size drawn log-uniformly; null: a small one. */
function drawLarge(random: Random, largest: number): Step | null {
  if (largest < 50 || random.chance(0.98)) return null;
  return largeStep(Math.round(Math.exp(Math.log(50) + random.next() * Math.log(largest / 50))));
}

/** Returns the committed changes; 0 when it rolled back. */
async function writeTransaction(client: Client, random: Random, large: Step | null): Promise<number> {
  await client.query('begin');
  try {
    await client.query('select setseed($1)', [random.next()]);
    let changes = await (large ?? random.pick(smallSteps))(client, random);
    while (!large && random.chance(0.6)) changes += await random.pick(smallSteps)(client, random);
    if (random.chance(0.2)) {
      await client.query('savepoint attempt');
      await random.pick(smallSteps)(client, random).catch(ignoreNothingToDo);
      await client.query('rollback to savepoint attempt');
    }
    if (random.chance(0.2)) {
      await client.query('savepoint kept');
      const more = await random.pick(smallSteps)(client, random).catch(ignoreNothingToDo);
      changes += more;
      // A step that found nothing to do may have done its first half.
      await client.query(more > 0 ? 'release savepoint kept' : 'rollback to savepoint kept');
    }
    const commit = large !== null || random.chance(0.9);
    await client.query(commit ? 'commit' : 'rollback');
    return commit ? changes : 0;
  } catch (error) {
    if (!(error instanceof NothingToDo)) throw error;
    await client.query('rollback');
    return 0;
  }
}

/** For a step inside a savepoint: what it did is taken back by the savepoint. */
function ignoreNothingToDo(error: unknown): number {
  if (error instanceof NothingToDo) return 0;
  throw error;
}

function behindBy(changes: number, started: number, perSecond: number | undefined): number {
  return perSecond === undefined ? 0 : Math.max(0, (changes / perSecond) * 1000 - (Date.now() - started));
}

/** A pace: how long writers leave a server alone that refused them, and how they keep to their rate. Nothing waits for it. */
const afterErrorMs = 100;
const pause = (ms: number) => (ms > 0 ? new Promise<void>((resolve) => setTimeout(resolve, ms)) : Promise.resolve());
