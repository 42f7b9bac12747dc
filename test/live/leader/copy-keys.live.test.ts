import { readChunk } from '../../../capture/copy/chunk';
import { stateOf, type ChunkRow } from '../../../capture/copy/copied-row';
import { mustReadAgain } from '../../../capture/copy/snapshot';
import { openCaptureSession, type CaptureParts, type CaptureSession, type KeyOrder } from '../../../capture/session';
import type { KeysCopied } from '../../../model/status';
import { holdCommits, type HeldCommits } from '../../support/held-commits';
import { announceSeed, seeded, type Random } from '../../support/random';
import { copied, flush, fold, setBack, table, truth, withRows } from '../capture/items';
import { waitFor } from '../../support/wait';
import { closeSources, type Source } from '../capture/source';
import { openPostgres } from './own-server';

jest.setTimeout(360_000);

let server: Awaited<ReturnType<typeof openPostgres>>;
beforeAll(async () => {
  server = await openPostgres({}); // its commits are held up, which would be everybody's
});
afterEach(closeSources);
afterAll(() => server?.close());

let count = 0;
const order = (...ids: (number | string)[]): KeyOrder => ({
  request: `order ${(count += 1)}`,
  table,
  keys: ids.map((id) => ({ id })),
});

/** Runs the session under these orders for as long as `work` takes. */
async function during(session: CaptureSession, keys: readonly KeyOrder[], work: () => Promise<void>): Promise<void> {
  const ending = new AbortController();
  const copy = { paused: false, again: {}, keys };
  const running = session.run({ signal: ending.signal, maxMs: 600_000, copy, onProgress: () => undefined });
  try {
    await Promise.race([work(), running]);
  } finally {
    ending.abort();
    await running;
  }
}

const endOf = (session: CaptureSession, { request }: KeyOrder): KeysCopied | undefined =>
  session.progress.keysCopied?.find((ended) => ended.request === request);

/** Obeys one order, and says what became of it. */
async function obeyed(session: CaptureSession, one: KeyOrder): Promise<KeysCopied | undefined> {
  await during(session, [one], async () => {
    await waitFor({
      what: `the end of ${one.request}`,
      seconds: 30,
      everyMs: 5,
      look: () => Promise.resolve(endOf(session, one)),
      until: (end) => end !== undefined,
    });
  });
  return endOf(session, one);
}

async function opened(rows: number, parts: Partial<CaptureParts> = {}): Promise<[Source, CaptureSession]> {
  const source = await withRows(rows, 100, server.url);
  const session = await openCaptureSession(source.options, source.log.parts(parts));
  await during(session, [], () => source.log.until(() => copied(source), 'the copy'));
  return [source, session];
}

test('rows of given keys come once more, and a key without a row is deleted; others are left alone', async () => {
  const [source, session] = await opened(300);
  try {
    const before = source.log.changes.length;
    expect(await obeyed(session, order(7, '008', 1_000))).toMatchObject({ copied: 2, deleted: 1 });
    const told = source.log.changes.slice(before).map(({ operation, key }) => `${operation} ${key['id']}`);
    expect(told.sort()).toEqual(['delete 1000', 'read 7', 'read 8']);
    // The table's own copy stands where it stood.
    expect(source.log.last?.copies[table]).toMatchObject({ done: true, rows: 300 });
    expect(fold(source.log.changes)).toEqual(await truth(source));
  } finally {
    await session.close();
  }
});

test.each([
  ['another column', [{ number: 7 }], /the key of public.items is \(id\)/],
  ['a value of another type', [{ id: 'seven' }], /\(id integer\).*22P02/],
  ['a value out of range', [{ id: '3000000000' }], /\(id integer\).*22003/],
])('keys with %s are refused, and the stream goes on', async (_what, keys, why) => {
  const [source, session] = await opened(10);
  try {
    const wrong: KeyOrder = { ...order(), keys };
    expect(await obeyed(session, wrong)).toMatchObject({
      copied: 0,
      deleted: 0,
      refused: expect.stringMatching(why) as string,
    });
    expect(await obeyed(session, order(7))).toMatchObject({ copied: 1 });
    await during(session, [], () => flush(source));
  } finally {
    await session.close();
  }
});

/** Comes, goes, and gets its next revision, all the time. */
async function writeTo(
  source: Source,
  ids: readonly number[],
  { random, until }: { random: Random; until: AbortSignal },
) {
  const client = await source.connect();
  try {
    while (!until.aborted) {
      const id = random.pick(ids);
      // Revisions of one row only grow, whoever writes it.
      if (random.chance(0.3)) await client.query('delete from items where id = $1', [id]);
      else
        await client.query(
          `insert into items values ($1, nextval('revisions')) on conflict (id) do update set revision = nextval('revisions')`,
          [id],
        );
    }
  } finally {
    await client.end();
  }
}

test('under writers on the same keys no row goes back in time, and none stays that is gone', async () => {
  const random = seeded(announceSeed('copy of keys'));
  const [source, session] = await opened(20);
  await source.sql.query('create sequence revisions start 1000');
  const resting = new AbortController();
  const ids = Array.from({ length: 12 }, (_, at) => 15 + at); // some are there, some are not
  const writing = Array.from({ length: 4 }, () =>
    writeTo(source, ids, { random: random.fork(), until: resting.signal }),
  );
  const ends: (KeysCopied | undefined)[] = [];
  try {
    for (let at = 0; at < 40; at += 1) ends.push(await obeyed(session, order(...ids)));
    resting.abort();
    await Promise.all(writing);
    await during(session, [], () => flush(source));
  } finally {
    resting.abort();
    await Promise.allSettled(writing);
    await session.close();
  }
  const sum = (what: 'copied' | 'deleted') => ends.reduce((total, end) => total + (end?.[what] ?? 0), 0);
  expect(sum('copied')).toBeGreaterThan(0);
  expect(sum('deleted')).toBeGreaterThan(0);
  expect(setBack(source.log.changes.filter(({ operation }) => operation !== 'delete'))).toEqual([]);
  expect(fold(source.log.changes)).toEqual(await truth(source));
});

/** An order that comes while nothing is copied, behind a commit that is streamed and not visible yet. */
async function behindHeldCommit(statement: string, check: CaptureParts['mustReadAgain']): Promise<Source> {
  let reads = 0;
  let held: HeldCommits | null = null;
  const [source, session] = await opened(50, {
    mustReadAgain: check,
    readChunk: async (client, request) => {
      if (request.keys) reads += 1;
      if (reads === 3) await held?.release();
      return readChunk(client, request);
    },
  });
  try {
    held = await holdCommits(source.url);
    await held.commit(statement);
    const streamed = () => source.log.changes.some(({ operation }) => operation === 'update' || operation === 'create');
    await during(session, [], () => source.log.until(streamed, 'the change'));
    await obeyed(session, order(7, 1_000));
    await held.release();
    await during(session, [], () => flush(source));
  } finally {
    await held?.release();
    await session.close();
  }
  return source;
}

describe('a commit that was streamed before the order, and is not visible yet', () => {
  const update = 'update items set revision = 2 where id = 7';
  const insert = 'insert into items values (1000, 2)';

  test.each([update, insert])('is not set back by it: %s', async (statement) => {
    const source = await behindHeldCommit(statement, mustReadAgain);
    expect(fold(source.log.changes)).toEqual(await truth(source));
  });

  test.each([update, insert])('control: without the check it is, for good: %s', async (statement) => {
    const source = await behindHeldCommit(statement, () => false);
    expect(fold(source.log.changes)).not.toEqual(await truth(source));
  });
});

test('control: a read that keeps what changed meanwhile sets it back', async () => {
  let change: (() => Promise<void>) | null = null;
  /** Under another name of the key nothing is known to be touched. */
  const renamed = (row: ChunkRow) => ({ ...stateOf(row), id: String(stateOf(row)['id']) });
  const run = async (keep: boolean) => {
    const touched: boolean[] = [];
    const [source, session] = await opened(20, {
      readChunk: async (client, request) => {
        const chunk = await readChunk(client, request);
        if (!request.keys || !change) return chunk;
        await change();
        change = null;
        touched.push(true);
        return keep ? { ...chunk, rows: chunk.rows.map(renamed) } : chunk;
      },
    });
    try {
      change = async () => {
        await source.sql.query('update items set revision = 2 where id = 7');
        await source.log.until(() => source.log.changes.some(({ operation }) => operation === 'update'), 'the update');
      };
      await obeyed(session, order(7));
      expect(touched).toEqual([true]);
    } finally {
      await session.close();
    }
    return { log: fold(source.log.changes), truth: await truth(source) };
  };
  const [right, wrong] = [await run(false), await run(true)];
  expect(right.log).toEqual(right.truth);
  expect(wrong.log).not.toEqual(wrong.truth);
});
