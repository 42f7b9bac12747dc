import type { PipelineFile } from '../model/pipeline';
import { table } from './source';

/** The environment variables that the pipelines of benches name. */
export interface StoreAddresses {
  readonly BENCH_SOURCE_URL: string;
  readonly BENCH_REPLICA_URL: string;
  readonly BENCH_SEARCH_URL: string;
  readonly BENCH_CACHE_URL: string;
}

export const replicaSchema = 'bench';

/** A pipeline over the one table, with both stores; `log.partitions` and all else as by default. */
export function pipelineFile(
  name: string,
  more: Pick<PipelineFile, 'slice'> & { publication?: string } = {},
): PipelineFile {
  return {
    name,
    source: {
      url: { env: 'BENCH_SOURCE_URL' },
      tables: [table],
      ...(more.publication === undefined ? {} : { publication: more.publication }),
    },
    stores: {
      replica: {
        type: 'postgres',
        url: { env: 'BENCH_REPLICA_URL' },
        schema: replicaSchema,
        tables: { [table]: {} },
      },
      search: { type: 'elasticsearch', url: { env: 'BENCH_SEARCH_URL' }, index: name, tables: { [table]: {} } },
    },
    ...(more.slice ? { slice: more.slice } : {}),
  };
}

let count = 0;

/** A name nobody else has: of databases, topics, slots and indexes. */
export function freshName(): string {
  count += 1;
  return `b${Date.now().toString(36)}${process.pid.toString(36)}x${count}`;
}
