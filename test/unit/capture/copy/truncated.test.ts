import type { Client } from 'pg';
import type { Chunk } from '../../../../capture/copy/chunk';
import type { Copier, ReadyChunk } from '../../../../capture/copy/copier';
import { createCopier } from '../../../../capture/copy/copy';
import type { CapturedTable } from '../../../../capture/source/catalogue';

const items: CapturedTable = {
  name: 'public.items',
  relationId: 7,
  columns: [],
  key: ['id'],
  replicaIdentity: 'f',
  estimatedRows: 3,
  partitioned: false,
  notFull: [],
  notOwned: [],
  keyOperators: ['pg_catalog'],
};

const chunk: Chunk = {
  rows: [{ id: 1 }, { id: 2 }],
  missing: [],
  answered: 0,
  snapshot: { xmax: 100n, xip: [] },
  writtenBelow: '50',
  bytes: 10,
  ms: 1,
  last: true,
};

/** A chunk in the copier's hands: read at 50, while the stream stands at 10. `during` happens while it is read. */
async function copy(during: (copier: Copier) => void, after: (copier: Copier) => void): Promise<readonly unknown[]> {
  const ready: ReadyChunk[] = [];
  let held = () => undefined as void;
  const holding = new Promise<void>((resolve) => (held = resolve));
  const answers = { rows: [{ snapshot: '100:100:' }] };
  const copier = createCopier({
    client: async () => ({ query: async () => answers }) as unknown as Client,
    tables: [items],
    cursors: {},
    bounds: { chunkRows: 100 },
    clock: () => 0,
    readChunk: async () => {
      during(copier);
      return chunk;
    },
    mustReadAgain: () => false,
    now: () => 0,
    closedPoint: () => '10',
    onReady: (each) => ready.push(each),
    onHeld: () => held(),
    onSwept: () => undefined,
    writtenKeys: async function* () {},
    onWaiting: () => undefined,
    onOutdated: () => undefined,
    onFailed: (error) => {
      throw error;
    },
  });
  copier.start();
  await holding;
  after(copier);
  copier.closed('60');
  copier.close();
  return ready.flatMap(({ rows }) => rows);
}

const nothing = () => undefined;
const truncated = (copier: Copier) => copier.truncated('public.items');

it.each([
  ['while a chunk is read', truncated, nothing],
  ['while a chunk waits for the stream', nothing, truncated],
])('a TRUNCATE that the stream brings %s leaves none of its rows', async (_case, during, after) => {
  expect(await copy(during, after)).toEqual([]);
});

it.each([
  ['is told of none', nothing],
  ['is told of another table’s', (copier: Copier) => copier.truncated('public.others')],
])('control: a copy that %s brings the rows', async (_case, tell) => {
  expect(await copy(tell, tell)).toEqual(chunk.rows);
});

it('watches its table, and no other, from the read on until the chunk may go', async () => {
  const seen: boolean[] = [];
  const look = (copier: Copier) => seen.push(copier.watches('public.items'), copier.watches('public.others'));
  await copy(look, look);
  expect(seen).toEqual([true, false, true, false]);
});
