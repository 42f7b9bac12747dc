import type { Client } from 'pg';
import type { Chunk, ChunkRequest } from '../../../../capture/copy/chunk';
import type { Copier, CopyOptions, ReadyChunk } from '../../../../capture/copy/copier';
import { createCopier } from '../../../../capture/copy/copy';
import type { CapturedTable } from '../../../../capture/source/catalogue';

export function tableOf(name: string, estimatedRows: number): CapturedTable {
  return {
    ...{ name, relationId: 7, columns: [], key: ['id'], replicaIdentity: 'f', estimatedRows },
    ...{ partitioned: false, notFull: [], notOwned: [], keyOperators: ['pg_catalog'] },
  };
}

export interface World {
  readonly copier: Copier;
  /** Every read of the source: when, and how many rows it found. */
  readonly reads: { readonly at: number; readonly table: string; readonly rows: number }[];
  readonly ready: ReadyChunk[];
  readonly swept: { readonly table: string; readonly keys: number; readonly deleted: number }[];
  /** Jest's clock is moved on, as forwarding would work meanwhile: what is ready is appended, and the next is asked for. */
  forMs(ms: number): Promise<void>;
}

/** A copier over tables of so many rows, their ids from 1 on; needs Jest's fake timers. */
export function copierOver(
  rows: Readonly<Record<string, number>>,
  {
    bounds = { chunkRows: 5_000 },
    cursors = {},
    liveKeys = {},
    pass = () => '10',
    rowBytes = 8,
  }: {
    bounds?: CopyOptions['bounds'];
    cursors?: CopyOptions['cursors'];
    /** Ids that the log has a row for. */
    liveKeys?: Readonly<Record<string, readonly number[]>>;
    /** The stream's closed point. */
    pass?: CopyOptions['closedPoint'];
    /** Of a row's text. */
    rowBytes?: number;
  } = {},
): World {
  const reads: World['reads'] = [];
  const ready: ReadyChunk[] = [];
  const snapshot = { xmax: 100n, xip: [] };
  const swept: World['swept'] = [];
  const readChunk = async (_client: Client, { table, after, limit, keys }: ChunkRequest): Promise<Chunk> => {
    const size = rows[table.name] ?? 0;
    if (keys) {
      const missing = keys.filter(({ id }) => Number(id) > size);
      return { rows: [], missing, answered: keys.length, snapshot, writtenBelow: '0', bytes: 0, ms: 1, last: true };
    }
    if (limit === 0) {
      return { rows: [], missing: [], answered: 0, snapshot, writtenBelow: '10', bytes: 0, ms: 1, last: false };
    }
    const from = after === null ? 0 : Number(after['id']);
    const found = Math.min(limit, size - from);
    reads.push({ at: Date.now(), table: table.name, rows: found });
    const ids = Array.from({ length: found }, (_, index) => ({ id: from + 1 + index }));
    return {
      rows: ids,
      missing: [],
      answered: 0,
      snapshot,
      writtenBelow: '0',
      bytes: found * rowBytes,
      ms: 1,
      last: found < limit,
    };
  };
  let waiting = 0;
  const copier = createCopier({
    client: async () => ({ query: async () => ({ rows: [{ snapshot: '100:100:' }] }) }) as unknown as Client,
    tables: Object.entries(rows).map(([name, count]) => tableOf(name, count)),
    ...{
      cursors,
      bounds,
      readChunk,
      mustReadAgain: () => false,
      now: () => Date.now(),
      clock: () => performance.now(),
    },
    closedPoint: pass,
    onReady: (chunk) => {
      ready.push(chunk);
      waiting += 1;
    },
    onHeld: () => undefined,
    onSwept: (table, { keys, deleted }) => swept.push({ table, keys, deleted }),
    writtenKeys: async function* (table) {
      yield (liveKeys[table] ?? []).map((id) => ({ id }));
    },
    onWaiting: () => undefined,
    onOutdated: () => undefined,
    onFailed: (error) => {
      throw error;
    },
  });
  return {
    copier,
    reads,
    ready,
    swept,
    async forMs(ms) {
      for (const end = Date.now() + ms; Date.now() < end; await jest.advanceTimersByTimeAsync(1)) {
        while (waiting > 0) {
          waiting -= 1;
          copier.appended();
          await jest.advanceTimersByTimeAsync(0);
        }
        copier.start();
      }
    },
  };
}
