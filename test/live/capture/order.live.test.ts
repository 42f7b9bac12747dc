import { unitBounds } from '../../../capture/pending';
import '../../support/load-ahead';
import type { Client } from 'pg';
import { compareDecimal } from '../../../model/position';
import { openSecondSlot, type Decoded, type SecondSlot } from '../../support/second-slot';
import { announceSeed, seeded } from '../../support/random';
import { waitFor } from '../../support/wait';
import { confirmed } from './items';
import { closeSources, createSource, type Source } from './source';

jest.setTimeout(180_000);
afterEach(closeSources);

interface World {
  readonly source: Source;
  readonly truth: SecondSlot;
}

async function open(messages: readonly string[] = []): Promise<World> {
  const source = await createSource({
    statements: [
      'create table items (id int primary key, name text)',
      `insert into items select n, 'shared' from generate_series(1, 20) n`,
    ],
    tables: ['public.items'],
    messages,
  });
  await source.prepare();
  return { source, truth: await openSecondSlot(source.sql, `${source.database}_truth`) };
}

/** What the log holds, once all that was committed so far is on it; `only` of what the server decodes is expected there. */
async function logged({ source, truth }: World, only: (text: string) => boolean = () => true) {
  const expected = (await truth.decoded()).filter(({ text }) => only(text));
  await source.log.until(() => source.log.told.length >= expected.length, `${expected.length} changes and messages`);
  return { told: source.log.told, expected };
}

const texts = (decoded: readonly Decoded[]) => decoded.map(({ text }) => text);

/** Two hundred transactions, open at the same time, that write in turns and then meet on the same twenty rows. */
async function concurrently(source: Source, seed: number): Promise<void> {
  const random = seeded(seed);
  const clients: Client[] = [];
  for (let count = 0; count < 200; count += 1) clients.push(await source.connect());
  const shuffled = () => [...clients.keys()].sort(() => random.next() - 0.5);
  for (const at of clients.keys()) await clients[at]?.query('begin');
  for (const round of [1, 2]) {
    for (const at of shuffled()) await clients[at]?.query(`insert into items values (${round * 1000 + at}, 'own')`);
  }
  // Who waits for a row gets it when its holder commits: the server alone decides who is next.
  await Promise.all(
    shuffled().map(async (at) => {
      const client = clients[at];
      await client?.query(`update items set name = 'by ${at}' where id = ${1 + (at % 20)}`);
      await client?.query('commit');
    }),
  );
  for (const client of clients) await client.end();
}

describe('order', () => {
  it('is that of the commits, under two hundred concurrent transactions on the same rows', async () => {
    const world = await open();
    const running = await world.source.capture();
    await concurrently(world.source, announceSeed('concurrent transactions'));
    const { told, expected } = await logged(world);
    await running.stop();
    expect(told).toHaveLength(600);
    const inOrder = (order: readonly string[]) => expect(order).toEqual(texts(expected));
    inOrder(told);
    // Control: the same check refuses the order of the rows' own places in the WAL.
    const byRow = [...expected].sort((left, right) => (left.lsn < right.lsn ? -1 : 1));
    expect(() => inOrder(texts(byRow))).toThrow();
  });

  it('and what is left of savepoints, empty transactions and DDL between rows is what the server says', async () => {
    const world = await open();
    const { sql } = world.source;
    const running = await world.source.capture();
    await sql.query(
      `begin; insert into items values (101); savepoint a; insert into items values (102); savepoint b;
       update items set name = 'b' where id = 101; release b; insert into items values (103); rollback to a;
       insert into items values (104); savepoint c; delete from items where id = 104; release c; commit`,
    );
    await sql.query(
      `do $$ begin
         for n in 201..300 loop
           begin insert into items values (n); if n % 3 = 0 then raise 'undo'; end if; exception when others then null; end;
         end loop;
       end $$`,
    );
    await sql.query('begin; commit; begin; create temporary table t (id int); rollback; begin; select 1; commit');
    await sql.query('begin; insert into items values (401); rollback');
    await sql.query(
      `begin; insert into items values (501); create table other (id int primary key); insert into other values (1);
       create index on items (name); comment on table items is 'things'; insert into items values (502); commit`,
    );
    const { told, expected } = await logged(world, (text) => text !== 'INSERT 1');
    await running.stop();
    expect(told).toEqual(texts(expected));
    expect(told).toEqual([
      ...['INSERT 101', 'INSERT 104', 'DELETE 104'],
      ...Array.from({ length: 100 }, (_, at) => 201 + at).flatMap((id) => (id % 3 === 0 ? [] : [`INSERT ${id}`])),
      ...['INSERT 501', 'INSERT 502'],
    ]);
  });
});

describe('a prepared transaction', () => {
  /** One that is not ended outlives its database, which could not be dropped then. */
  const ending = ({ source }: World, name: string) =>
    source.sql.query(`rollback prepared '${name}'`).catch(() => undefined);

  it('gives nothing at PREPARE and all of it at COMMIT PREPARED, nothing at ROLLBACK PREPARED', async () => {
    const world = await open();
    const { sql, log } = world.source;
    const running = await world.source.capture();
    try {
      await sql.query(`begin; insert into items values (101), (102); prepare transaction '${world.source.database}_a'`);
      await sql.query(`begin; insert into items values (201); prepare transaction '${world.source.database}_b'`);
      await sql.query('insert into items values (301)');
      await log.until(() => log.told.includes('INSERT 301'), 'what was committed after them');
      expect(log.told).toEqual(['INSERT 301']);
      await sql.query(`rollback prepared '${world.source.database}_b'`);
      await sql.query(`commit prepared '${world.source.database}_a'`);
      const { told, expected } = await logged(world);
      expect(told).toEqual(texts(expected));
      expect(told).toEqual(['INSERT 301', 'INSERT 101', 'INSERT 102']);
    } finally {
      await running.stop();
      await ending(world, `${world.source.database}_a`);
      await ending(world, `${world.source.database}_b`);
    }
  });

  it('holds WAL back for as long as it is open, and nothing else', async () => {
    const world = await open();
    const { sql, log, options } = world.source;
    const slot = async () => {
      const { rows } = await sql.query<{ restart: string }>(
        `select restart_lsn - '0/0'::pg_lsn as restart from pg_replication_slots where slot_name = $1`,
        [options.pipeline.source.slot],
      );
      return rows[0]?.restart ?? '0';
    };
    const running = await world.source.capture();
    const name = `${world.source.database}_long`;
    try {
      await sql.query(`begin; insert into items values (101); prepare transaction '${name}'`);
      const { rows } = await sql.query<{ lsn: string }>(`select pg_current_wal_lsn() - '0/0'::pg_lsn as lsn`);
      const prepared = rows[0]?.lsn ?? '0';
      // The slot may only move behind what was running when the server last wrote that down, which a checkpoint does.
      const advance = async (id: number) => {
        await sql.query(`insert into items values (${id}); checkpoint`);
        await log.until(() => log.told.includes(`INSERT ${id}`), `row ${id}`);
        return { confirmed: await confirmed(world.source), restart: await slot() };
      };
      const passing = async (
        what: string,
        passed: (seen: { confirmed: string; restart: string }) => boolean,
        from: number,
      ) => {
        let id = from;
        return waitFor({ what, seconds: 30, everyMs: 50, look: () => advance((id += 1)), until: passed });
      };
      const beyond = (lsn: string) => compareDecimal(lsn, prepared) > 0;
      const during = await passing('the slot to be confirmed beyond it', (seen) => beyond(seen.confirmed), 1000);
      expect(beyond(during.restart)).toBe(false);
      await sql.query(`commit prepared '${name}'`);
      await log.until(() => log.told.includes('INSERT 101'), 'its row');
      await passing('the WAL before it to be given up', (seen) => beyond(seen.restart), 2000);
    } finally {
      await running.stop();
      await ending(world, name);
    }
  });
});

describe('logical messages', () => {
  const say = (prefix: string, text: string, transactional = true) =>
    `select pg_logical_emit_message(${transactional}, '${prefix}', '${text}')`;

  /** What is said and written, ending with row 999; of it what the server decodes and the pipeline declares. */
  async function saidAmongChanges({ source, truth }: World): Promise<string[]> {
    await source.sql.query(
      `begin; ${say('order.placed', 'one')}; insert into items values (101); ${say('undeclared', 'no')};
       ${say('order.placed', 'two')}; update items set name = 'x' where id = 101; commit`,
    );
    await source.sql.query(say('alone', 'three', false));
    await source.sql.query(`begin; ${say('order.placed', 'rolled back')}; ${say('alone', 'four', false)}; rollback`);
    await source.sql.query(`begin; ${say('order.placed', 'five')}; commit`);
    // Larger than several units: its messages and rows go out in as many appends.
    await source.sql.query(
      `do $$ begin for n in 1..${2 * unitBounds.changes} loop
         insert into items values (10000 + n); perform pg_logical_emit_message(true, 'order.placed', n::text);
       end loop; end $$`,
    );
    await source.sql.query('insert into items values (999)');
    return texts((await truth.decoded()).filter(({ text }) => !text.startsWith('message undeclared')));
  }

  /** Up to four sessions die at their second append with records; of some, the server was told of the first, of others not. */
  async function captureWithDeaths(source: Source): Promise<number> {
    const { log } = source;
    let died = 0;
    while (!log.told.includes('INSERT 999')) {
      let appends = 0;
      log.beforeAppend = async (records) => {
        if (records.length > 0 && (appends += 1) === 2 && died < 4) throw new Error('killed');
      };
      const running = await source.capture(died % 2 === 0 ? { confirm: () => undefined } : {});
      const lastRow = log.until(() => log.told.includes('INSERT 999'), 'the last row');
      await Promise.race([running.ended.catch(() => (died += 1)), lastRow]);
      await running.stop().catch(() => undefined);
      lastRow.catch(() => undefined); // of a session that died
    }
    return died;
  }

  it('stand where they were said among the changes, once, whichever append fails', async () => {
    const world = await open(['order.placed', 'alone']);
    const expected = await saidAmongChanges(world);
    expect(expected).toHaveLength(4 * unitBounds.changes + 8);
    expect(await captureWithDeaths(world.source)).toBe(4);
    expect(world.source.log.told).toEqual(expected);
  });

  it('control: where the log does not say that positions count them, a death inside a transaction shifts them', async () => {
    const world = await open(['order.placed', 'alone']);
    world.source.log.rewrite = ({ messages: _counted, ...closing }) => closing;
    const expected = await saidAmongChanges(world);
    await captureWithDeaths(world.source);
    expect(world.source.log.told).not.toEqual(expected);
  });

  it('carry their bytes and where they come from', async () => {
    const { source } = await open(['bytes']);
    const running = await source.capture();
    await source.sql.query(`select pg_logical_emit_message(true, 'bytes', '\\x00ff0a22'::bytea)`);
    await source.log.until(() => source.log.told.length > 0, 'the message');
    await running.stop();
    const record = source.log.appends
      .flatMap(({ records }) => records)
      .find(({ topic }) => topic.endsWith('.messages'));
    expect(record?.key.toString()).toBe('bytes');
    expect(record?.value).toEqual(Buffer.from([0, 255, 10, 34]));
    expect(Object.keys(record?.headers ?? {}).sort()).toEqual(['committedAt', 'index', 'lsn', 'xid']);
  });

  it('are not even asked for when nobody declared one', async () => {
    const world = await open();
    const running = await world.source.capture();
    await world.source.sql.query(`select pg_logical_emit_message(true, 'order.placed', 'x')`);
    await world.source.sql.query('insert into items values (101)');
    await world.source.log.until(() => world.source.log.told.length > 0, 'the row');
    await running.stop();
    expect(world.source.log.told).toEqual(['INSERT 101']);
    expect(world.source.log.last?.messages).toBeUndefined();
  });
});
