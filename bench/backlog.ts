import type { Bench } from './measure';
import { captureAll, placeOf, type Log, type Place } from './log';
import { freshName, pipelineFile } from './pipeline';
import { createDatabase, createSource, dropDatabase, writeBacklog, type BacklogKind } from './source';

/** A log that the stores can be filled from, and the source it was captured from. */
export interface Backlog {
  readonly name: string;
  readonly place: Place;
  readonly log: Log;
  readonly sourceUrl: string;
  readonly replicaUrl: string;
  readonly changes: number;
  readonly workload: string;
  close(): Promise<void>;
}

/** Rows of one source transaction: what an application's request writes, more or less. */
const perTransaction = 10;

/** Captured by our own capture from a real source, so that batches have the shape they have in operation. */
export async function openBacklog(
  { addresses, options, say }: Bench,
  defaultChanges: number,
  kind: BacklogKind = 'items',
): Promise<Backlog> {
  const changes = options.changes ?? defaultChanges;
  const { seed } = options;
  const name = freshName();
  const sourceUrl = await createSource(addresses.postgres, `${name}_source`);
  const replicaUrl = await createDatabase(addresses.postgres, `${name}_replica`);
  const close = async () => {
    await dropDatabase(addresses.postgres, sourceUrl);
    await dropDatabase(addresses.postgres, replicaUrl);
  };
  try {
    const place = placeOf(addresses, pipelineFile(name), { source: sourceUrl, replica: replicaUrl });
    say(`capturing ${changes} changes, seed ${seed}`);
    const write = () => writeBacklog(sourceUrl, { changes, perTransaction, seed, kind });
    const log = await captureAll(place, { changes, write });
    const rows = kind === 'items' ? '3 inserts to 2 updates' : 'of 100 rows';
    const workload = `${changes} changes (${rows}) in transactions of ${perTransaction}, seed ${seed}`;
    return { name, place, log, sourceUrl, replicaUrl, changes, workload, close };
  } catch (error) {
    await close();
    throw error;
  }
}
