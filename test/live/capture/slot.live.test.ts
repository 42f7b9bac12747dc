import { openReplication } from '../../../capture/replication';
import { openCaptureSession } from '../../../capture/session';
import { compareDecimal, lsnFromText } from '../../../model/position';
import { waitFor } from '../../support/wait';
import { confirmed, streamedKeys, withItems } from './items';
import { closeSources, type Source } from './source';

jest.setTimeout(180_000);
afterEach(closeSources);

const becomes = (condition: () => Promise<boolean>, what: string) =>
  waitFor({ what, seconds: 20, everyMs: 20, look: condition, until: (seen) => seen });

/** The slot's walsender: whether it has sent all up to an LSN, and the time of the status message it heard last. */
const walsender = `select sent_lsn >= $1::pg_lsn as all, reply_time::text as reply from pg_stat_replication
                   where pid = (select active_pid from pg_replication_slots where slot_name = $2)`;

/** Waits until the server has heard so many different status messages; `each` is told what it says of itself. */
async function untilReplies(
  source: Source,
  count: number,
  { upTo = '0/0', each = () => undefined }: { upTo?: string | undefined; each?: (sentAll: boolean) => void } = {},
): Promise<void> {
  const replies = new Set<string>();
  await becomes(async () => {
    const slot = source.options.pipeline.source.slot;
    const { rows } = await source.sql.query<{ all: boolean; reply: string | null }>(walsender, [upTo, slot]);
    for (const { all, reply } of rows) {
      each(all);
      if (reply !== null) replies.add(reply);
    }
    return replies.size >= count;
  }, `${count} status messages`);
}

const slotIsRead = async (source: Source): Promise<boolean> => {
  const { rows } = await source.sql.query('select 1 from pg_replication_slots where slot_name = $1 and active', [
    source.options.pipeline.source.slot,
  ]);
  return rows.length > 0;
};

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
    await becomes(() => Promise.resolve(holding), 'an append to hold');
    // One append at a time: while this one is held, the log stays as it is.
    const record = source.log.last;
    // Status messages go on meanwhile: what is wrongly confirmed has been told by the second answer to one.
    await untilReplies(source, 3);
    const beyond = compareDecimal(await confirmed(source), record?.position.lsn ?? '0') > 0;
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
    await becomes(async () => {
      await source.sql.query('insert into noise select generate_series(1, 100)');
      return source.log.appends.length >= from + 3;
    }, 'three position records');
    const { rows } = await source.sql.query<{ lsn: string }>('select pg_current_wal_flush_lsn()::text as lsn');
    lsn = lsnFromText(rows[0]?.lsn ?? '0/0');
    await becomes(async () => compareDecimal(await confirmed(source), lsn) >= 0, 'the slot to follow');
    await running.stop();
    const seconds = (Date.now() - started) / 1000;
    const appended = source.log.appends.slice(from);
    expect(appended.every(({ changes, record }) => changes.length === 0 && record.closed)).toBe(true);
    expect(appended.length).toBeLessThanOrEqual(Math.ceil(seconds) + 1);
  });
});

describe('the socket', () => {
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
    const { rows } = await source.sql.query<{ lsn: string }>('select pg_current_wal_flush_lsn()::text as lsn');
    // Status messages go on meanwhile: three of them later the server has still not been able to send it all.
    const sentAll: boolean[] = [];
    await untilReplies(source, 4, { upTo: rows[0]?.lsn, each: (all) => sentAll.push(all) });
    expect(sentAll).not.toContain(true);
    release();
    await source.log.until(() => streamedKeys(source).length === 6_400, 'all changes');
    await running.stop();
    expect(new Set(streamedKeys(source)).size).toBe(6_400);
  });

  it('rests between two runs, and the server does not take the session for dead', async () => {
    const source = await withItems();
    const { database, log, options } = source;
    await source.sql.query(`alter database ${database} set wal_sender_timeout = '5s'`);
    const session = await openCaptureSession(options, log.parts());
    const signal = new AbortController().signal;
    const run = () => session.run({ signal, maxMs: 50, onProgress: () => undefined });
    expect(await run()).toBe('time');
    await source.sql.query('insert into items select n from generate_series(1, 100) n');
    // One a second: longer than the server waits for a sign of life.
    await untilReplies(source, 7);
    expect(streamedKeys(source)).toEqual([]);
    while (streamedKeys(source).length < 100) expect(await run()).toBe('time');
    await session.close();
  });

  it('that is lost ends the run as something that passes', async () => {
    const source = await withItems();
    const running = await source.capture();
    await becomes(() => slotIsRead(source), 'the slot to be in use');
    await source.sql.query(
      'select pg_terminate_backend(active_pid, 60000) from pg_replication_slots where slot_name = $1',
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
      handlers: {
        ...{ onMessage: () => undefined, onOversized: () => new Error('unexpected'), onKeepalive: () => undefined },
        onEnd: (error) => (lost = error),
      },
    });
    await becomes(() => slotIsRead(source), 'the slot to be in use');
    stuck.pause();
    const running = await source.capture();
    await source.sql.query('insert into items values (1)');
    await source.log.until(() => streamedKeys(source).length === 1, 'the change');
    await running.stop();
    stuck.resume();
    await becomes(() => Promise.resolve(lost !== null), 'the stuck client to notice');
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

  it('is blocked as ahead, too, when it is moved between the first look at it and the stream', async () => {
    const source = await withItems();
    await source.sql.query('insert into items values (1)');
    // A table that has changed is asked about in between.
    await source.sql.query('alter table items add column more int');
    let moved = 0;
    const readVersions = async () => {
      moved += 1;
      await source.sql.query('select pg_replication_slot_advance($1, pg_current_wal_flush_lsn())', [
        source.options.pipeline.source.slot,
      ]);
      return source.log.versions;
    };
    await expect(source.capture({ readVersions })).rejects.toMatchObject({ name: 'Blocked', reason: 'slot-ahead' });
    expect(moved).toBe(1);
  });

  it('control: without the judgement, an advanced slot loses a change unseen', async () => {
    const source = await withItems();
    const first = await source.capture();
    await source.log.until(() => source.log.last?.copies['public.items']?.done === true, 'the copy');
    await first.stop();
    await becomes(async () => !(await slotIsRead(source)), 'the slot to be free');
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
