import { judgeSlotHealth, slotThresholds } from '../../../model/slot-health';
import type { SlotHealth, SlotLook, SlotSample } from '../../../model/slot-sample';

const minute = 60_000;
const megabyte = 1024 ** 2;
const start = Date.UTC(2026, 0, 1);
const base = 10_000 * megabyte;

/** A look `at` minutes after the start, with so many megabytes kept of a limit of 1,000. */
function sample(
  at: number,
  keptMegabytes: number,
  changes: { slot?: Partial<SlotLook>; other?: Partial<Omit<SlotSample, 'slot'>> } = {},
): SlotSample {
  const flush = base + at * 1_000 * megabyte;
  return {
    at: start + at * minute,
    flushLsn: String(flush),
    slot: {
      walStatus: 'reserved',
      invalidationReason: null,
      restartLsn: String(flush - keptMegabytes * megabyte),
      confirmedLsn: String(flush - 1_000),
      safeBytes: (1_000 - keptMegabytes) * megabyte,
      active: true,
      inactiveSince: null,
      ...changes.slot,
    },
    limitBytes: 1_000 * megabyte,
    idleTimeoutSeconds: 0,
    oldest: null,
    ...changes.other,
  };
}

const judged = (samples: readonly SlotSample[], before: SlotHealth | null = null) =>
  judgeSlotHealth({ samples, before });
const unlimited = { slot: { safeBytes: null }, other: { limitBytes: null } };

test.each<[string, readonly SlotSample[], string, RegExp | null]>([
  ['next to nothing is kept', [sample(0, 16)], 'well', null],
  ['just below half of the limit', [sample(0, 499)], 'well', null],
  ['half of the limit', [sample(0, 500)], 'warning', /keeps 500 MB of WAL; 500 MB more/],
  ['most of the limit', [sample(0, 700)], 'danger', /300 MB more.*set max_slot_wal_keep_size/],
  ['beyond max_wal_size alone', [sample(0, 100, { slot: { walStatus: 'extended' } })], 'well', null],
  ['unreserved', [sample(0, 100, { slot: { walStatus: 'unreserved' } })], 'danger', /next checkpoint may remove/],
  ['lost', [sample(0, 0, { slot: { walStatus: 'lost', restartLsn: null } })], 'lost', /its WAL was removed/],
  ['invalidated', [sample(0, 1, { slot: { invalidationReason: 'idle_timeout' } })], 'lost', /given the slot up \(idle/],
  ['dropped', [{ ...sample(0, 0), slot: null }], 'lost', /does not exist/],
  ['being made', [sample(0, 0, { slot: { walStatus: null, restartLsn: null, confirmedLsn: null } })], 'well', null],

  ['no limit, little', [sample(0, 9_000, unlimited)], 'well', null],
  ['no limit, much', [sample(0, 11_000, unlimited)], 'warning', /10\.7 GB of WAL, and only the disk/],
  ['no limit, very much', [sample(0, 60_000, unlimited)], 'danger', /only the disk limits it/],

  ['grows, lost within the half hour', [sample(0, 50), sample(10, 300)], 'danger', /At this rate in about 28 min/],
  ['grows, but too little is used', [sample(0, 0), sample(10, 240)], 'well', null],
  ['grows, and nobody has looked for long enough', [sample(0, 100), sample(0.5, 300)], 'well', null],
  ['grows, lost within the day', [sample(0, 250), sample(10, 270)], 'well', null],
  ['grows, lost within hours', [sample(0, 200), sample(10, 300)], 'warning', /in about 70 min/],
  ['shrinks', [sample(0, 450), sample(10, 300)], 'well', null],

  [
    'confirmed stands still',
    [sample(0, 1), still(2)],
    'warning',
    /Nothing has come or been confirmed for 2 min.* 2.0 GB/,
  ],
  [
    'confirmed stands still for long',
    [sample(0, 1), still(11)],
    'danger',
    /Nothing has come or been confirmed for 11 min/,
  ],
  ['stands still, and so does the source', [sample(0, 1), { ...still(11), flushLsn: String(base + 1) }], 'well', null],
  ['a large transaction is coming', [0, 4, 8, 11].map((at) => ({ ...still(at), received: at * 1_000 })), 'well', null],
  [
    'a large transaction has come to a halt',
    [0, 4, 8, 11].map((at) => ({ ...still(at), received: Math.min(at, 8) * 1_000 })),
    'warning',
    /Nothing has come or been confirmed for 3 min/,
  ],
  ['moved in between', [sample(0, 1), sample(1, 1), still(1.5, 1)], 'well', null],

  [
    'nobody reads it',
    [sample(0, 1, { slot: { active: false, inactiveSince: start - 2 * minute } })],
    'warning',
    /2 min/,
  ],
  ['nobody reads it for a moment', [sample(0, 1, { slot: { active: false, inactiveSince: start } })], 'well', null],
  ['nobody reads it, by our own looks', [unread(0), unread(3)], 'warning', /Nobody has read the slot for 3 min/],
  [
    'nobody reads it, half of its time-out is over',
    [unread(0, 600), unread(6, 600)],
    'danger',
    /After 10 min the server/,
  ],
])('%s', (_, samples, level, note) => {
  const health = judged(samples);
  expect(health.level).toBe(level);
  if (note === null) expect(health.notes).toEqual([]);
  else expect(health.notes[0]).toMatch(note);
});

/** A look `at` minutes after the start whose confirmed position is still that of minute `of`. */
function still(at: number, of = 0): SlotSample {
  return sample(at, 1, { slot: { confirmedLsn: sample(of, 1).slot?.confirmedLsn ?? null } });
}

function unread(at: number, idleTimeoutSeconds = 0): SlotSample {
  return sample(at, 1, { slot: { active: false }, other: { idleTimeoutSeconds } });
}

test('the growth is what minutes are reckoned by', () => {
  // 200 MB in 10 minutes, 700 MB left: 35 minutes. Not danger by itself, which begins at 30; a little faster is.
  expect(judged([sample(0, 100), sample(10, 300)])).toMatchObject({ level: 'warning', lostInMinutes: 35 });
  expect(judged([sample(0, 50), sample(10, 300)])).toMatchObject({ level: 'danger', lostInMinutes: 28 });
  expect(judged([sample(0, 300, unlimited), sample(10, 900, unlimited)]).lostInMinutes).toBeNull();
});

test('a single look goes by what was judged before it, if that was long enough ago', () => {
  const before = judged([sample(0, 100)]);
  expect(judged([sample(10, 300)], before).lostInMinutes).toBe(35);
  expect(judged([sample(0.5, 300)], before).lostInMinutes).toBeNull();
});

test('danger ends below half of the limit, not at the point where it began; `since` is when the level was entered', () => {
  const first = judged([sample(0, 700)]);
  const second = judged([sample(1, 600)], first);
  expect(second).toMatchObject({ level: 'danger', since: start, at: start + minute });
  expect(judged([sample(1, 600)]).level).toBe('warning');
  expect(judged([sample(2, 400)], second)).toMatchObject({ level: 'well', since: start + 2 * minute, notes: [] });
});

describe('the transaction that holds the WAL', () => {
  const transaction = {
    who: 'process 4711, role app, database shop, psql',
    since: start - 5 * minute,
    statement: 'select pg_terminate_backend(4711);',
  };

  test('is named with its age and the statement that ends it', () => {
    const { notes } = judged([sample(0, 700, { other: { oldest: transaction } })]);
    expect(notes[1]).toBe(
      'A transaction is open for 5 min (process 4711, role app, database shop, psql), and all WAL since is kept. ' +
        'If it is forgotten: select pg_terminate_backend(4711);',
    );
  });

  test.each([
    ['a young one is not: ending it would help nobody', { since: start - 1_000 }, 700],
    ['nor is one while the slot is well', {}, 100],
  ])('%s', (_, change, kept) => {
    const { notes } = judged([sample(0, kept, { other: { oldest: { ...transaction, ...change } } })]);
    expect(notes.join()).not.toContain('4711');
  });

  test('whose begin may not be seen is as old as our looks at it', () => {
    const hidden = { other: { oldest: { ...transaction, since: null } } };
    expect(judged([sample(0, 700, hidden), sample(0.5, 700, hidden)]).notes).toHaveLength(1);
    expect(judged([sample(0, 700, hidden), sample(3, 700, hidden)]).notes[1]).toContain('open for 3 min');
  });
});

test('what is worst comes first, and no more is said than fits a page', () => {
  const worst = sample(11, 900, { slot: { confirmedLsn: sample(0, 1).slot?.confirmedLsn ?? null, walStatus: 'lost' } });
  const { notes, level } = judged([sample(0, 1), worst]);
  expect(level).toBe('lost');
  expect(notes[0]).toContain('given the slot up');
  expect(notes.length).toBeLessThanOrEqual(3);
  for (const note of notes) expect(note.length).toBeLessThan(300);
});

test('thresholds of its own are what a judgement goes by', () => {
  const strict = { ...slotThresholds, share: { warning: 0.1, danger: 0.2 } };
  expect(judgeSlotHealth({ samples: [sample(0, 250)], before: null }, strict).level).toBe('danger');
});
