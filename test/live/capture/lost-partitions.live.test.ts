import { openReplication } from '../../../capture/replication';
import { openCaptureSession, type CaptureParts } from '../../../capture/session';
import { readChunk } from '../../../capture/copy/chunk';
import { judgeTableChange } from '../../../capture/table-change';
import type { Change } from '../../../model/change';
import { waitFor } from '../../support/wait';
import { announceSeed, seeded, type Random } from '../../support/random';
import { closeSources, createSource, hurriedClock, type Source } from './source';

jest.setTimeout(180_000);
afterEach(closeSources);

const table = 'public.events';

async function withEvents(): Promise<Source> {
  const source = await createSource({
    statements: [
      'create table events (id int, kind int, name text, primary key (id, kind)) partition by list (kind)',
      'create table events_1 partition of events for values in (1)',
      'create table events_2 partition of events for values in (2)',
      'create table events_3 partition of events for values in (3) partition by range (id)',
      'create table events_3_low partition of events_3 for values from (minvalue) to (150)',
      'create table events_3_high partition of events_3 for values from (150) to (maxvalue)',
      `insert into events select n, 1 + n % 3, 'a' from generate_series(1, 300) n`,
    ],
    tables: [table],
    chunkRows: 100,
  });
  await source.prepare();
  return source;
}

const copied = (source: Source) => source.log.last?.copies[table]?.done === true;
const swept = ({ told }: Source) => told.filter((message) => message.startsWith('a table was swept')).length;
const noticed = ({ told }: Source) => told.filter((message) => message.startsWith('a table is copied again')).length;

/** What a reader of the log ends with: key → name. */
function fold(changes: readonly Change[]): Map<string, unknown> {
  const rows = new Map<string, unknown>();
  for (const { key, after } of changes) {
    const text = Object.values(key).join('/');
    if (after === null) rows.delete(text);
    else rows.set(text, after['name']);
  }
  return new Map([...rows].sort());
}

async function truth(source: Source): Promise<Map<string, unknown>> {
  const { rows } = await source.sql.query<{ key: string; name: string }>(
    `select id || '/' || kind as key, name from events`,
  );
  return new Map(rows.map(({ key, name }): [string, unknown] => [key, name]).sort());
}

async function until(what: string, holds: () => boolean): Promise<void> {
  await waitFor({ what, seconds: 60, everyMs: 10, look: () => Promise.resolve(holds()), until: (seen) => seen });
}

/** The sweep has ended, and whatever rows were to be copied are copied. */
const untilSwept = (source: Source) => until('the end of the sweep', () => swept(source) > 0 && copied(source));

/** What takes rows out of the table without a word in the stream, beside what the stream does tell. */
const losses: [string, string][] = [
  ['a partition is dropped', 'drop table events_2'],
  ['a partition is detached', 'alter table events detach partition events_2'],
  ['a partition is detached concurrently', 'alter table events detach partition events_2 concurrently'],
  ['one of a partition’s own is dropped', 'drop table events_3_low'],
  ['a partition that is itself partitioned is detached', 'alter table events detach partition events_3'],
  ['a partition is truncated', 'truncate events_2'],
  [
    'a partition is detached, written to, and attached again',
    `begin; alter table events detach partition events_2; delete from events_2 where id < 100;
     update events_2 set name = 'b' where id < 200; insert into events_2 values (1001, 2, 'b');
     alter table events attach partition events_2 for values in (2); commit`,
  ],
  [
    'one partition gives way to another',
    `begin; create table other (like events_2 including all); insert into other values (1, 2, 'b'), (2001, 2, 'b');
     drop table events_2; alter table events attach partition other for values in (2); commit`,
  ],
];

describe.each([
  ['under a running session', true],
  ['while no session looks', false],
])('%s', (_when, running) => {
  it.each(losses)('%s: the log ends with the source’s rows', async (_what, statement) => {
    const source = await withEvents();
    const first = await source.capture(hurriedClock());
    await source.log.until(() => copied(source), 'the copy');
    if (!running) await first.stop();
    await source.sql.query(`insert into events values (3000, 2, 'c'), (3001, 1, 'c')`);
    await source.sql.query(statement);
    await source.sql.query(`update events set name = 'd' where id in (3, 4, 5); delete from events where id = 6`);
    const second = running ? first : await source.capture(hurriedClock());
    await untilSwept(source);
    await second.stop();
    const rows = await truth(source);
    expect(fold(source.log.changes)).toEqual(rows);
    expect(rows.size).toBeGreaterThan(150);
    // What was set right is known: the next session finds nothing to do.
    const third = await source.capture(hurriedClock());
    await source.sql.query(`insert into events values (4000, 1, 'e')`);
    await source.log.until(() => source.log.changes.some(({ key }) => key['id'] === 4_000), 'the row');
    await third.stop();
    expect([noticed(source), swept(source)]).toEqual([1, 1]);
  });
});

/** Captured by a session that does not look for keys that are gone: the log goes on holding the rows of a partition. */
async function withLeftovers(): Promise<Source> {
  const source = await withEvents();
  const judgeTable: CaptureParts['judgeTable'] = (before, now) => {
    const verdict = judgeTableChange(before, now);
    return verdict.kind === 'copy' ? { ...verdict, extent: 'rows' } : verdict;
  };
  const first = await source.capture({ judgeTable });
  await source.log.until(() => copied(source), 'the copy');
  await first.stop();
  await source.sql.query('drop table events_2');
  const second = await source.capture({ judgeTable });
  await source.log.until(() => source.log.last?.partitions?.[table]?.length === 3 && copied(source), 'the copy');
  await second.stop();
  return source;
}

it('control: without a look for keys that are gone, their rows stay', async () => {
  const source = await withLeftovers();
  expect(fold(source.log.changes).size - (await truth(source)).size).toBe(100);
});

describe('rows that the stream still has to bring when their partition goes', () => {
  /** The stream stands still from before they are written until `released` holds. */
  async function behind(source: Source, released: () => boolean, parts: Partial<CaptureParts> = {}): Promise<void> {
    let holding = false;
    let stands = false;
    const running = await source.capture({
      ...hurriedClock(),
      ...parts,
      openReplication: async (url) => {
        const replication = await openReplication(url);
        const resume = () => (holding ? replication.pause() : replication.resume());
        return {
          ...replication,
          resume() {
            resume();
            stands = holding;
          },
        };
      },
    });
    await source.log.until(() => copied(source), 'the copy');
    holding = true;
    await until('the stream to stand still', () => stands);
    await source.sql.query(`insert into events select n, 2, 'late' from generate_series(5000, 5200) n`);
    await source.sql.query('drop table events_2');
    await until('the moment to go on', released);
    holding = false;
    await untilSwept(source);
    await source.sql.query(`insert into events values (9000, 1, 'last')`);
    await source.log.until(() => source.log.changes.some(({ key }) => key['id'] === 9_000), 'the last row');
    await running.stop();
  }

  it('are looked for when they are there', async () => {
    const source = await withEvents();
    await behind(source, () => noticed(source) === 1);
    expect(fold(source.log.changes)).toEqual(await truth(source));
  });

  it('control: a sweep that does not wait for them leaves them behind', async () => {
    const source = await withEvents();
    await behind(source, () => swept(source) === 1, {
      readChunk: async (client, request) => {
        const chunk = await readChunk(client, request);
        return request.limit === 0 || request.missingOnly ? { ...chunk, writtenBelow: '0' } : chunk;
      },
    });
    const there = await truth(source);
    const left = [...fold(source.log.changes).keys()].filter((id) => !there.has(id));
    expect(left).not.toEqual([]);
  });
});

it('an operator’s copy of a table deletes what the source does not have, under writers', async () => {
  const random = seeded(announceSeed('sweep under writers'));
  const source = await withLeftovers();
  const session = await openCaptureSession(source.options, source.log.parts());
  const ending = new AbortController();
  const copy = { paused: false, again: { [table]: 'one' } };
  const running = session.run({ signal: ending.signal, maxMs: 600_000, copy, onProgress: () => undefined });
  const writing = Array.from({ length: 3 }, () => writeTo(source, random.fork(), ending.signal));
  await untilSwept(source);
  ending.abort();
  await Promise.all([running, ...writing]);
  await session.close();
  const last = await source.capture();
  await source.sql.query(`insert into events values (9000, 1, 'last')`);
  await source.log.until(() => source.log.changes.some(({ key }) => key['id'] === 9_000), 'the last row');
  await last.stop();
  expect(fold(source.log.changes)).toEqual(await truth(source));
});

/** Rows of the partitions that are left come, change and go. */
async function writeTo(source: Source, random: Random, resting: AbortSignal): Promise<void> {
  const client = await source.connect();
  while (!resting.aborted) {
    const row = [random.between(1, 300), random.pick([1, 3])];
    if (random.chance(0.4)) await client.query('delete from events where id = $1 and kind = $2', row);
    else
      await client.query(
        `insert into events values ($1, $2, 'w') on conflict (id, kind) do update set name = 'x' || events.name`,
        row,
      );
  }
  await client.end();
}
