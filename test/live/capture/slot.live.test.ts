import { openCaptureSession } from '../../../capture/session';
import { compareDecimal, lsnFromText } from '../../../model/position';
import { openReplication } from '../../../capture/replication';
import { closeSources, createSource, type Source } from './source';

jest.setTimeout(60_000);
afterEach(closeSources);

async function withItems(...more: string[]): Promise<Source> {
  const source = await createSource({
    statements: ['create table items (id int primary key, name text)', ...more],
    tables: ['public.items'],
  });
  await source.prepare();
  return source;
}

async function confirmed(source: Source): Promise<string> {
  const { rows } = await source.sql.query<{ lsn: string }>(
    'select confirmed_flush_lsn::text as lsn from pg_replication_slots where slot_name = $1',
    [source.options.pipeline.source.slot],
  );
  return lsnFromText(rows[0]?.lsn ?? '0/0');
}

const streamedKeys = (source: Source) =>
  source.log.changes.filter(({ operation }) => operation !== 'read').map(({ key }) => key['id']);

describe('confirming', () => {
  /** Holds an append, lets the source and its status timer go on, and says whether the slot moved beyond the log. */
  async function overtakes(confirmBeforeAppend: boolean): Promise<boolean> {
    const source = await withItems();
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let holding = false;
    let confirm: (lsn: string) => void = () => undefined;
    source.log.beforeAppend = async (records, closing) => {
      if (records.length === 0 || closing.copies['public.items']?.done !== true) return;
      if (confirmBeforeAppend) confirm(closing.position.lsn);
      holding = true;
      await held;
    };
    const running = await source.capture({
      confirm: (replication, lsn) => {
        confirm = (other) => replication.confirm(other);
        replication.confirm(lsn);
      },
    });
    await source.log.until(() => source.log.last?.copies['public.items']?.done === true, 'the copy');
    await source.sql.query('insert into items values (1)');
    // Two rounds of the status timer: what is wrongly confirmed has been told by then.
    const record = source.log.last;
    await waitFor(() => Promise.resolve(holding), 'an append to hold');
    const before = Date.now();
    let beyond = false;
    await waitFor(async () => {
      beyond = compareDecimal(await confirmed(source), record?.position.lsn ?? '0') > 0;
      return beyond || Date.now() - before > 2_500;
    }, 'two status messages');
    release();
    await running.stop();
    return beyond;
  }

  it('never passes the last position record the log has acknowledged', async () => {
    expect(await overtakes(false)).toBe(false);
  });

  it('control: confirming before the append does pass it', async () => {
    expect(await overtakes(true)).toBe(true);
  });

  it('follows an idle source whose WAL is written by others, a position record a second at most', async () => {
    const source = await withItems('create table noise (id int)');
    const running = await source.capture();
    await source.log.until(() => source.log.last?.copies['public.items']?.done === true, 'the copy');
    const from = source.log.appends.length;
    const started = Date.now();
    let lsn = '0';
    await waitFor(async () => {
      await source.sql.query('insert into noise select generate_series(1, 100)');
      return source.log.appends.length >= from + 3;
    }, 'three position records');
    const { rows } = await source.sql.query<{ lsn: string }>('select pg_current_wal_flush_lsn()::text as lsn');
    lsn = lsnFromText(rows[0]?.lsn ?? '0/0');
    await waitFor(async () => compareDecimal(await confirmed(source), lsn) >= 0, 'the slot to follow');
    const seconds = (Date.now() - started) / 1000;
    await running.stop();
    const appended = source.log.appends.slice(from);
    expect(appended.every(({ changes, record }) => changes.length === 0 && record.closed)).toBe(true);
    expect(appended.length).toBeLessThanOrEqual(Math.ceil(seconds) + 1);
  });
});

describe('the socket', () => {
  const sent = `select sent_lsn >= $1::pg_lsn as all, reply_time::text as reply from pg_stat_replication
                 where pid = (select active_pid from pg_replication_slots where slot_name = $2)`;

  it('is not read while the log is slow, so that memory stays bounded however much waits', async () => {
    const source = await withItems();
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const running = await source.capture();
    await source.log.until(() => source.log.last?.copies['public.items']?.done === true, 'the copy');
    source.log.beforeAppend = () => held;
    // 64 MB in transactions of 1 MB: far more than what pends plus what the sockets of both sides take.
    await source.sql.query(
      `do $$ begin for i in 1..64 loop
         insert into items select i * 100 + n, repeat('x', 10000) from generate_series(1, 100) n; commit;
       end loop; end $$`,
    );
    const slot = source.options.pipeline.source.slot;
    const { rows } = await source.sql.query<{ lsn: string }>('select pg_current_wal_flush_lsn()::text as lsn');
    // Status messages go on meanwhile: three answers later the server has still not been able to send it all.
    const replies = new Set<string>();
    await waitFor(async () => {
      const state = await source.sql.query<{ all: boolean; reply: string }>(sent, [rows[0]?.lsn, slot]);
      expect(state.rows).toMatchObject([{ all: false }]);
      replies.add(state.rows[0]?.reply ?? '');
      return replies.size >= 4;
    }, 'three status messages');
    release();
    await source.log.until(() => streamedKeys(source).length === 6_400, 'all changes');
    await running.stop();
    expect(new Set(streamedKeys(source)).size).toBe(6_400);
  });

  it('rests between two runs, and the server does not take the session for dead', async () => {
    const source = await withItems();
    const { database, log, options } = source;
    await source.sql.query(`alter database ${database} set wal_sender_timeout = '2s'`);
    const session = await openCaptureSession(options, log.parts());
    const signal = new AbortController().signal;
    const run = () => session.run({ signal, maxMs: 50, onProgress: () => undefined });
    expect(await run()).toBe('time');
    await source.sql.query('insert into items select n from generate_series(1, 100) n');
    const replies = new Set<string>();
    await waitFor(async () => {
      const state = await source.sql.query<{ reply: string }>(sent, ['0/0', options.pipeline.source.slot]);
      replies.add(state.rows[0]?.reply ?? '');
      return replies.size >= 5;
    }, 'four status messages');
    expect(streamedKeys(source)).toEqual([]);
    while (streamedKeys(source).length < 100) expect(await run()).toBe('time');
    await session.close();
  });

  it('that is lost ends the run as something that passes', async () => {
    const source = await withItems();
    const running = await source.capture();
    await source.sql.query(
      'select pg_terminate_backend(active_pid, 5000) from pg_replication_slots where slot_name = $1',
      [source.options.pipeline.source.slot],
    );
    await expect(running.ended).rejects.toMatchObject({ name: 'Unavailable' });
  });
});

describe('the slot', () => {
  it('is freed from a client that is stuck', async () => {
    const source = await withItems();
    const { slot, publication } = source.options.pipeline.source;
    const stuck = await openReplication(source.url);
    let lost: Error | null = null;
    stuck.stream({
      slot,
      publication,
      startLsn: '0',
      handlers: { onMessage: () => undefined, onKeepalive: () => undefined, onEnd: (error) => (lost = error) },
    });
    await waitFor(async () => {
      const { rows } = await source.sql.query('select 1 from pg_replication_slots where slot_name = $1 and active', [
        slot,
      ]);
      return rows.length > 0;
    }, 'the slot to be in use');
    stuck.pause();
    const running = await source.capture();
    await source.sql.query('insert into items values (1)');
    await source.log.until(() => streamedKeys(source).length === 1, 'the change');
    await running.stop();
    stuck.resume();
    await waitFor(() => Promise.resolve(lost !== null), 'the stuck client to notice');
    expect(lost).toMatchObject({ name: 'Unavailable' });
    await stuck.close();
  });

  it('is blocked as lost when it is gone, for prepare and for a session', async () => {
    const source = await withItems();
    await source.sql.query('select pg_drop_replication_slot($1)', [source.options.pipeline.source.slot]);
    await expect(source.capture()).rejects.toMatchObject({ name: 'Blocked', reason: 'slot-lost' });
    await expect(source.prepare()).rejects.toMatchObject({ name: 'Blocked', reason: 'slot-lost' });
  });

  it('is blocked as ahead when another client has moved it, or made it anew', async () => {
    const source = await withItems();
    const slot = source.options.pipeline.source.slot;
    await source.sql.query('insert into items values (1)');
    await source.sql.query('select pg_replication_slot_advance($1, pg_current_wal_flush_lsn())', [slot]);
    await expect(source.capture()).rejects.toMatchObject({ name: 'Blocked', reason: 'slot-ahead' });
    await source.sql.query('select pg_drop_replication_slot($1)', [slot]);
    await source.sql.query(`select pg_create_logical_replication_slot($1, 'pgoutput')`, [slot]);
    await expect(source.capture()).rejects.toMatchObject({ name: 'Blocked', reason: 'slot-ahead' });
  });

  it('control: without the judgement, an advanced slot loses a change unseen', async () => {
    const source = await withItems();
    const first = await source.capture();
    await source.log.until(() => source.log.last?.copies['public.items']?.done === true, 'the copy');
    await first.stop();
    await waitFor(async () => {
      const { rows } = await source.sql.query('select 1 from pg_replication_slots where slot_name = $1 and active', [
        source.options.pipeline.source.slot,
      ]);
      return rows.length === 0;
    }, 'the slot to be free');
    await source.sql.query('insert into items values (1)');
    await source.sql.query('select pg_replication_slot_advance($1, pg_current_wal_flush_lsn())', [
      source.options.pipeline.source.slot,
    ]);
    await source.sql.query('insert into items values (2)');
    const second = await source.capture({ judgeSource: () => null });
    await source.log.until(() => streamedKeys(source).length >= 1, 'the second change');
    await second.stop();
    expect(streamedKeys(source)).toEqual([2]);
  });

  it('another source is refused: its system id is not the log’s', async () => {
    const source = await withItems();
    const openWriter = source.log.parts().openWriter;
    const another: typeof openWriter = async (options, identity) => {
      const writer = await openWriter(options, identity);
      if (writer.last) Object.assign(writer, { last: { ...writer.last, systemId: '1' } });
      return writer;
    };
    await expect(source.capture({ openWriter: another })).rejects.toMatchObject({ reason: 'source-replaced' });
    const later: typeof openWriter = async (options, identity) => {
      const writer = await openWriter(options, identity);
      if (writer.last) {
        Object.assign(writer, { last: { ...writer.last, position: { lsn: '1'.padEnd(19, '0'), index: 0 } } });
      }
      return writer;
    };
    await expect(source.capture({ openWriter: later })).rejects.toMatchObject({ reason: 'source-rewound' });
  });

  it('belongs to one log: an unknown or an empty one is refused', async () => {
    const source = await withItems();
    const parts = source.log.parts();
    await expect(openCaptureSession({ ...source.options, logId: null }, parts)).rejects.toMatchObject({
      reason: 'log-replaced',
    });
    await expect(openCaptureSession({ ...source.options, logId: 'another' }, parts)).rejects.toMatchObject({
      reason: 'log-replaced',
    });
    source.log.appends.length = 0;
    await expect(source.capture()).rejects.toMatchObject({ reason: 'log-replaced' });
  });

  it('a publication that lost a table whose capture has begun is a gap', async () => {
    const source = await withItems('create table more (id int primary key)');
    const publication = source.options.pipeline.source.publication;
    const first = await source.capture();
    await source.log.until(() => source.log.last?.copies['public.items']?.done === true, 'the copy');
    await first.stop();
    await source.sql.query(`alter publication "${publication}" set table only more`);
    await expect(source.capture()).rejects.toMatchObject({ reason: 'slot-lost' });
    await expect(source.prepare()).rejects.toMatchObject({ reason: 'slot-lost' });
  });
});

describe('preparing', () => {
  it('is repeatable, and gives the log one id', async () => {
    const source = await withItems();
    const { logId } = source.options;
    await source.prepare();
    expect(source.options.logId).toBe(logId);
    expect(source.log.appends).toHaveLength(1);
    expect(source.log.last).toMatchObject({ closed: true, copies: {}, logId });
    expect(source.log.last?.position).toEqual({ lsn: await confirmed(source), index: 0 });
    const { rows } = await source.sql.query(`select relreplident from pg_class where relname = 'items'`);
    expect(rows).toEqual([{ relreplident: 'f' }]);
  });

  it('goes on after an attempt that died between the slot and the first record', async () => {
    const source = await createSource({
      statements: ['create table items (id int primary key)'],
      tables: ['public.items'],
    });
    const dying = async () => Promise.reject(new Error('killed'));
    await expect(source.prepare({ openWriter: dying })).rejects.toThrow('killed');
    await source.sql.query('insert into items values (1)');
    await source.prepare();
    const running = await source.capture();
    await source.log.until(() => streamedKeys(source).length === 1, 'the change');
    await running.stop();
  });

  it.each([
    ['create table t (id int)', 'add primary key'],
    ['create unlogged table t (id int primary key)', 'set logged'],
    ['create view t as select 1 as id', 'is a view'],
    ['select 1', 'does not exist'],
    [
      'create table t (a int not null unique, b int not null unique); alter table t replica identity using index t_a_key',
      'add primary key ("a")',
    ],
    [
      'create table root (id int primary key) partition by list (id); create table t partition of root for values in (1)',
      'Name the root',
    ],
  ])('refuses what cannot be captured: %s', async (statement, sentence) => {
    const source = await createSource({ statements: [statement], tables: ['public.t'] });
    await expect(source.prepare()).rejects.toMatchObject({
      name: 'InvalidConfig',
      message: expect.stringContaining(sentence) as string,
    });
  });

  it('takes a replica identity index for the key, also once whole rows are logged', async () => {
    const source = await createSource({
      statements: [
        'create table t (a int not null, b text not null, c text, unique (b, a))',
        'alter table t replica identity using index t_b_a_key',
      ],
      tables: ['public.t'],
    });
    await source.prepare();
    await source.prepare();
    const running = await source.capture();
    await source.sql.query(`insert into t values (1, 'x')`);
    await source.log.until(() => source.log.changes.length >= 1, 'the change');
    await running.stop();
    expect(Object.entries(source.log.changes.at(-1)?.key ?? {})).toEqual([
      ['b', 'x'],
      ['a', 1],
    ]);
  });

  it('tells what to do about a wrong password, database and privilege, and says no secret', async () => {
    const source = await createSource({ statements: ['create table t (id int primary key)'], tables: ['public.t'] });
    const role = `r${source.database}`;
    await source.sql.query(`create role ${role} login replication password 'hush'`);
    try {
      const url = new URL(source.url);
      url.username = role;
      url.password = 'hush';
      const unprivileged = openWith(source, url.href);
      await expect(unprivileged).rejects.toMatchObject({
        name: 'InvalidConfig',
        message: expect.stringContaining('grant select') as string,
      });
      await source.sql.query(`grant select on t to ${role}`);
      await expect(openWith(source, url.href)).rejects.toMatchObject({
        name: 'InvalidConfig',
        message: expect.stringContaining('alter table "public"."t" replica identity full') as string,
      });
      url.pathname = '/nowhere';
      await expect(openWith(source, url.href)).rejects.toMatchObject({
        name: 'InvalidConfig',
        message: expect.not.stringContaining('hush') as string,
      });
      url.port = '1';
      await expect(openWith(source, url.href)).rejects.toMatchObject({
        name: 'Unavailable',
        message: expect.not.stringContaining('hush') as string,
      });
    } finally {
      await source.sql.query(`drop owned by ${role}; drop role ${role}`);
    }
  });
});

async function openWith(source: Source, sourceUrl: string): Promise<unknown> {
  const { prepareCapture } = await import('../../../capture/session');
  return prepareCapture({ ...source.options, sourceUrl }, source.log.parts());
}

async function waitFor(condition: () => Promise<boolean>, what: string, boundMs = 20_000): Promise<void> {
  const deadline = Date.now() + boundMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`Not within ${boundMs} ms: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
