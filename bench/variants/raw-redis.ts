import { Redis } from 'ioredis';
import type { Mutation } from '../../model/mutation';
import { readMutations } from '../lane';
import type { Log, Place } from '../log';
import type { Meter } from '../meter';

export interface RawRedisSpec {
  readonly place: Place;
  readonly log: Log;
  /** What the keys begin with. */
  readonly prefix: string;
  readonly changes: number;
}

/** As a lane cuts them. */
const changesPerPipeline = 4_000;

/** The same documents by the same client: pipelines of SET, nothing else. No change is left out. */
export async function rawRedis(spec: RawRedisSpec, meter: Meter): Promise<number> {
  const { place, log, prefix, changes } = spec;
  const singly = await readMutations(place, { log, store: 'cache', size: 1 });
  const client = new Redis(place.environment.BENCH_CACHE_URL);
  await client.ping();
  meter.start();
  for (let at = 0; at < singly.length; at += changesPerPipeline) {
    const pipeline = client.pipeline();
    for (const [mutation] of singly.slice(at, at + changesPerPipeline)) set(pipeline, prefix, mutation);
    const answers = await pipeline.exec();
    const refused = answers?.find(([error]) => error !== null);
    if (refused) throw new Error(`A document was refused: ${String(refused[0])}`);
  }
  meter.stop();
  client.disconnect();
  return changes;
}

function set(pipeline: ReturnType<Redis['pipeline']>, prefix: string, mutation: Mutation | undefined): void {
  if (!mutation?.document) throw new Error('The backlog has no deletes.');
  pipeline.set(`${prefix}${mutation.id}`, JSON.stringify(mutation.document));
}
