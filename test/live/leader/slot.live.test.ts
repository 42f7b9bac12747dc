import { lookAtSlot } from '../../../capture/look-at-slot';
import { defaultCaptureParts, type CaptureParts } from '../../../capture/session';
import { judgeSlotHealth, slotThresholds } from '../../../model/slot-health';
import type { SlotHealth } from '../../../model/slot-sample';
import { waitFor } from '../../support/wait';
import { closeSources, createSource, type Running, type Source } from '../capture/source';
import { openPostgres } from './own-server';
import { logRunning, slotFacts, writeWal } from './slot-facts';

jest.setTimeout(360_000);

const limit = 64 * 1024 ** 2;
let server: Awaited<ReturnType<typeof openPostgres>>;
beforeAll(async () => {
  // Without vacuum: no transaction but the test's own is open, and no WAL but the test's own is written.
  server = await openPostgres({ max_slot_wal_keep_size: '64MB', autovacuum: 'off' });
});
afterEach(closeSources);
afterAll(() => server?.close());

/** Transactions of a test are seconds old. */
const impatient: Partial<CaptureParts> = {
  judgeSlotHealth: (input) => judgeSlotHealth(input, { ...slotThresholds, oldMs: 0 }),
};

async function withItems(): Promise<Source> {
  const source = await createSource({
    server: server.url,
    statements: ['create table items (id int primary key)', 'create table noise (id int)'],
    tables: ['public.items'],
  });
  await source.prepare();
  return source;
}

function healthOf(running: Running, what: string, until: (health: SlotHealth) => boolean): Promise<SlotHealth> {
  const look = async () => {
    const { slot } = running.progress;
    if (slot === undefined) throw new Error('nobody has looked yet');
    return slot;
  };
  return waitFor({ what, seconds: 20, look, until });
}

/** Until less than a segment and a bit is left of what the slot may keep. */
async function fill(source: Source): Promise<void> {
  while (((await slotFacts(source)).leftBytes ?? 0) > 18 * 1024 ** 2) await writeWal(source.sql, 2);
}

test.each<[string, (source: Source) => Promise<RegExp>]>([
  [
    'prepared',
    async ({ sql }) => {
      await sql.query(`begin; insert into noise values (1); prepare transaction 'it''s forgotten'`);
      return /\(prepared, role postgres, database capture_\w+\).*: (rollback prepared 'it''s forgotten';)/;
    },
  ],
  [
    'open',
    async (source) => {
      const client = await source.connect();
      const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
      await client.query('begin');
      await client.query('insert into noise values (1)');
      const pid = rows[0]?.pid ?? 0;
      return new RegExp(`\\(process ${pid}, role postgres, .*: (select pg_terminate_backend\\(${pid}\\);)`);
    },
  ],
])(
  'a %s transaction holds the WAL: danger, who it is and what ends it; well again when it is ended',
  async (_, forget) => {
    const source = await withItems();
    const running = await source.capture(impatient);
    const first = await healthOf(running, 'a first look', () => true);
    expect(first).toMatchObject({ level: 'well', limitBytes: limit, notes: [] });
    const named = await forget(source);
    await fill(source);

    // Danger begins before it is filled, and is looked at once a second: of that very place both say the same.
    const { health, facts } = await waitFor({
      what: 'danger, as the server has it now',
      seconds: 20,
      look: async () => ({ health: running.progress.slot, facts: await slotFacts(source) }),
      until: (seen) => seen.health?.level === 'danger' && seen.health.retainedBytes === seen.facts.retainedBytes,
    });
    expect(health).toMatchObject({ walStatus: facts.walStatus, leftBytes: facts.leftBytes });
    const [, statement] = named.exec(health?.notes.at(-1) ?? '') ?? [];
    expect(health?.notes.at(-1)).toMatch(named);

    await source.sql.query(statement ?? '');
    const look = async () => {
      await logRunning(source.sql);
      return running.progress.slot;
    };
    await waitFor({ what: 'the slot to be well', seconds: 30, look, until: (slot) => slot?.level === 'well' });
    expect((await slotFacts(source)).retainedBytes).toBeLessThan(limit / 2);
    await running.stop();
  },
);

describe('a slot that is lost', () => {
  const doomed = async (): Promise<Source> => {
    const source = await withItems();
    await source.sql.query(`begin; insert into noise values (1); prepare transaction '${source.database}'`);
    return source;
  };
  /** Beyond what it may keep, and the checkpoint that takes it at its word. */
  const lose = async (source: Source) => {
    await writeWal(source.sql, 100);
    await source.sql.query('checkpoint');
    await waitFor({
      what: 'the slot to be lost',
      seconds: 20,
      look: async () => (await slotFacts(source)).walStatus,
      until: (status) => status === 'lost',
    });
    await source.sql.query(`rollback prepared '${source.database}'`);
  };
  /** Whether danger was told of before the slot was lost. */
  const warnsInTime = async (judge: CaptureParts['judgeSlotHealth']): Promise<boolean> => {
    const source = await doomed();
    const running = await source.capture({ judgeSlotHealth: judge });
    await healthOf(running, 'a first look', () => true);
    await fill(source);
    const filled = Date.now();
    const { level } = await healthOf(
      running,
      'danger, or a look',
      (slot) => slot.level === 'danger' || slot.at > filled,
    );
    await lose(source);
    await expect(running.ended).rejects.toMatchObject({ name: expect.stringMatching(/Blocked|Unavailable/) as string });
    await expect(source.capture()).rejects.toMatchObject({ name: 'Blocked', reason: 'slot-lost' });
    return level === 'danger';
  };

  test('has been in danger before, and is BLOCKED for whoever opens it again', async () => {
    expect(await warnsInTime(judgeSlotHealth)).toBe(true);
  });

  test('control: without the judgement it is lost without a word', async () => {
    const blind: typeof judgeSlotHealth = (input) => ({ ...judgeSlotHealth(input), level: 'well' });
    expect(await warnsInTime(blind)).toBe(false);
  });

  test('is seen while no session reads it: how long nobody does, how little is left, that it is gone', async () => {
    const source = await doomed();
    const look = (before: SlotHealth | null, parts = defaultCaptureParts) => lookAtSlot(source.options, before, parts);
    const before = await look(null);
    expect(before.level).toBe('well');
    await fill(source);
    const health = await look(before);
    expect(health).toMatchObject({ level: 'danger', leftBytes: (await slotFacts(source)).leftBytes });
    // From its first millisecond on, since a test does not wait for a minute.
    const strict: CaptureParts['judgeSlotHealth'] = (input) =>
      judgeSlotHealth(input, { ...slotThresholds, inactiveMs: 0 });
    const { notes } = await look(health, { ...defaultCaptureParts, judgeSlotHealth: strict });
    expect(notes.join(' ')).toMatch(/Nobody has read the slot for \d+ s: resume capture/);
    await lose(source);
    await expect(look(health)).rejects.toMatchObject({ name: 'Blocked', reason: 'slot-lost' });
  });
});
