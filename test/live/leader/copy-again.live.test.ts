import { readChunk } from '../../../capture/copy/chunk';
import { mustReadAgain } from '../../../capture/copy/snapshot';
import { openCaptureSession, type CaptureParts, type CaptureSession, type CopyOrders } from '../../../capture/session';
import { copied, flush, fold, setBack, table, truth, withRows } from '../capture/items';
import { closeSources, type Source } from '../capture/source';
import { holdCommits, type HeldCommits } from '../../support/held-commits';
import { openPostgres } from './own-server';

jest.setTimeout(360_000);

let server: Awaited<ReturnType<typeof openPostgres>>;
beforeAll(async () => {
  server = await openPostgres({}); // its commits are held up, which would be everybody's
});
afterEach(closeSources);
afterAll(() => server?.close());

const again = (order: string): CopyOrders => ({ paused: false, again: { [table]: order } });
const none: CopyOrders = { paused: false, again: {} };
const isDone = ({ log }: Source, request: string) => {
  const cursor = log.last?.copies[table];
  return cursor?.done === true && cursor.request === request;
};

/** Runs the session under these orders for as long as `work` takes. */
async function during(session: CaptureSession, copy: CopyOrders, work: () => Promise<void>): Promise<void> {
  const ending = new AbortController();
  const running = session.run({ signal: ending.signal, maxMs: 600_000, copy, onProgress: () => undefined });
  try {
    await Promise.race([work(), running]);
  } finally {
    ending.abort();
    await running;
  }
}

test('a table is copied again from its first row, once, also by a session that comes later', async () => {
  const source = await withRows(700, 200, server.url);
  const reads = () => source.log.changes.filter(({ operation }) => operation === 'read').map(({ key }) => key['id']);
  const all = Array.from({ length: 700 }, (_, index) => index + 1);
  const first = await openCaptureSession(source.options, source.log.parts());
  await during(first, none, () => source.log.until(() => copied(source), 'the copy'));
  await during(first, again('one'), () => source.log.until(() => isDone(source, 'one'), 'the second copy'));
  await during(first, again('one'), () => flush(source));
  await first.close();
  // In order only within a partition.
  const inOrder = (ids: readonly unknown[]) => [...ids].sort((left, right) => Number(left) - Number(right));
  expect([inOrder(reads().slice(0, 700)), inOrder(reads().slice(700))]).toEqual([all, all]);
  const second = await openCaptureSession(source.options, source.log.parts());
  await during(second, again('one'), () => flush(source));
  expect(reads()).toHaveLength(1_400);
  await during(second, again('two'), () => source.log.until(() => isDone(source, 'two'), 'the third copy'));
  await second.close();
  expect(reads()).toHaveLength(2_101); // with the row that `flush` has written
  expect(fold(source.log.changes)).toEqual(await truth(source));
});

test('a paused copy stands still while changes are followed, and goes on with the next session', async () => {
  const source = await withRows(2_000, 100, server.url);
  const first = await openCaptureSession(source.options, source.log.parts());
  await during(first, { paused: true, again: {} }, () => flush(source));
  expect(source.log.last?.copies[table]).toBeUndefined();
  expect(first.progress.copies[table]).toMatchObject({ done: false, rows: 0 });
  await first.close();
  const second = await openCaptureSession(source.options, source.log.parts());
  await during(second, none, () => source.log.until(() => copied(source), 'the copy'));
  await second.close();
  expect(fold(source.log.changes)).toEqual(await truth(source));
});

// An order that comes while nothing is copied: what was streamed before it is known to nobody but the source.
describe('a commit that was streamed before the order, and is not visible yet', () => {
  async function ordered(check: CaptureParts['mustReadAgain']): Promise<Source> {
    const source = await withRows(50, 100, server.url);
    let reads = 0;
    let held: HeldCommits | null = null;
    const session = await openCaptureSession(
      source.options,
      source.log.parts({
        mustReadAgain: check,
        readChunk: async (client, request) => {
          if (request.limit > 0 && !request.keys) reads += 1;
          if (reads === 4) await held?.release(); // the first copy's, and two of the second
          return readChunk(client, request);
        },
      }),
    );
    try {
      await during(session, none, () => source.log.until(() => copied(source), 'the copy'));
      held = await holdCommits(source.url);
      await held.commit('update items set revision = 2 where id = 7');
      const streamed = () => source.log.changes.some(({ operation, key }) => operation === 'update' && key['id'] === 7);
      await during(session, none, () => source.log.until(streamed, 'the update'));
      await during(session, again('one'), () => source.log.until(() => isDone(source, 'one'), 'the second copy'));
      await held.release();
      await during(session, none, () => flush(source));
    } finally {
      await held?.release();
      await session.close();
    }
    return source;
  }

  test('is not set back by the copy', async () => {
    const source = await ordered(mustReadAgain);
    expect(setBack(source.log.changes)).toEqual([]);
    expect(fold(source.log.changes)).toEqual(await truth(source));
  });

  test('control: without the check it is, for good', async () => {
    const source = await ordered(() => false);
    expect(setBack(source.log.changes)).toEqual(['7: read 1 after 2']);
    expect(fold(source.log.changes)).not.toEqual(await truth(source));
  });
});
