import type { LaneName, LaneView } from '../../../activities/observer';
import { Blocked, Fenced } from '../../../model/errors';
import type { SlotHealth } from '../../../model/slot-sample';
import { createMetrics } from '../../../worker/metrics';
import { createObserver } from '../../../worker/observer';
import { watchUnderWay } from '../../../worker/under-way';

const lane: LaneName = { pipeline: 'shop', store: 'search', generation: 2, lane: 0 };

function watching(now = 10_000) {
  const lines: { level: string; message: string; fields: Readonly<Record<string, unknown>> }[] = [];
  const metrics = createMetrics();
  const log = (level: string, message: string, fields: Readonly<Record<string, unknown>>) =>
    void lines.push({ level, message, fields });
  const observer = createObserver({ log, metrics, now: () => now });
  const series = async (name: string) =>
    (await metrics.text()).split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return { observer, lines, series };
}

it('a micro-batch is a line at debug with its range, and is counted', async () => {
  const { observer, lines, series } = watching();
  observer.applied(lane, {
    from: { 'shop.positions': { '0': '7' }, 'shop.public.orders': { '0': '12', '1': '5' } },
    to: { 'shop.positions': { '0': '9' }, 'shop.public.orders': { '0': '40', '1': '5' } },
    ...{ records: 28, upserts: 20, deletes: 3, repeated: 2, durable: true, ms: 12.34 },
  });
  expect(lines).toEqual([
    {
      level: 'debug',
      message: 'micro-batch applied',
      fields: {
        ...lane,
        range: { 'shop.positions[0]': '7-9', 'shop.public.orders[0]': '12-40' },
        ...{ count: 28, upserts: 20, deletes: 3, repeated: 2, durable: true, ms: 12.3 },
      },
    },
  ]);
  const labels = 'pipeline="shop",store="search"';
  expect(await series('slipstream_store_records_total')).toEqual([`slipstream_store_records_total{${labels}} 28`]);
  expect(await series('slipstream_store_repeated_total')).toEqual([`slipstream_store_repeated_total{${labels}} 2`]);
  expect(await series('slipstream_store_mutations_total')).toEqual([
    `slipstream_store_mutations_total{${labels},operation="upsert"} 20`,
    `slipstream_store_mutations_total{${labels},operation="delete"} 3`,
  ]);
  expect(await series('slipstream_store_batch_seconds_sum')).toEqual([
    `slipstream_store_batch_seconds_sum{${labels}} 0.01234`,
  ]);
});

it.each<[string, LaneView, string[]]>([
  ['the end of the log has not been seen', { records: 0, oldestAt: null, caughtUp: false }, []],
  ['something is missing', { records: 5, oldestAt: 7_500, caughtUp: false }, ['5', '2.5']],
  ['nothing is missing', { records: 0, oldestAt: null, caughtUp: true }, ['0', '0']],
  ['another clock is ahead of ours', { records: 1, oldestAt: 12_000, caughtUp: false }, ['1', '0']],
])('the lag of a lane when %s', async (_, view, expected) => {
  const { observer, series } = watching();
  observer.laneOpened(lane, () => view);
  const found = [...(await series('slipstream_store_lag_records')), ...(await series('slipstream_store_lag_seconds'))];
  expect(found.map((line) => line.split(' ').at(-1))).toEqual(expected);
});

it('a lane whose session is closed has no series any more; the one of another attempt keeps its own', async () => {
  const { observer, series } = watching();
  const view = { records: 3, oldestAt: 1, caughtUp: false };
  const gone = observer.laneOpened(lane, () => view);
  const otherGone = observer.laneOpened(lane, () => ({ ...view, records: 4 }));
  gone();
  expect((await series('slipstream_store_lag_records')).map((line) => line.split(' ').at(-1))).toEqual(['4']);
  otherGone();
  expect(await series('slipstream_store_lag_records')).toEqual([]);
});

const slotInDanger: SlotHealth = {
  ...{ level: 'danger', since: 0, at: 0, walStatus: 'extended', retainedBytes: 700, limitBytes: 1_000, leftBytes: 300 },
  ...{ lostInMinutes: 12, notes: ['The slot keeps 700 B of WAL.'] },
};

it('capture: lag, retained WAL once it is known, and the copies', async () => {
  const { observer, series } = watching();
  let retainedBytes: number | null = null;
  let slot: SlotHealth | null = null;
  const copies = {
    'public.orders': { done: false, rows: 10, estimatedRows: 40 },
    'public.new': { done: true, rows: 2, estimatedRows: -1 },
  };
  const gone = observer.captureOpened('shop', () => ({ lagBytes: 64, retainedBytes, slot, copies }));
  expect(await series('slipstream_capture_lag_bytes')).toEqual(['slipstream_capture_lag_bytes{pipeline="shop"} 64']);
  expect(await series('slipstream_capture_retained_wal_bytes')).toEqual([]);
  expect(await series('slipstream_capture_slot_level')).toEqual([]);
  retainedBytes = 1024;
  slot = slotInDanger;
  expect(await series('slipstream_capture_retained_wal_bytes')).toHaveLength(1);
  expect(await series('slipstream_copy_done')).toEqual([
    'slipstream_copy_done{pipeline="shop",table="public.orders"} 0',
    'slipstream_copy_done{pipeline="shop",table="public.new"} 1',
  ]);
  expect(await series('slipstream_copy_estimated_rows')).toHaveLength(1);
  expect(await series('slipstream_capture_slot_level')).toEqual(['slipstream_capture_slot_level{pipeline="shop"} 2']);
  expect(await series('slipstream_capture_slot_left_bytes')).toHaveLength(1);
  expect(await series('slipstream_capture_slot_lost_in_seconds')).toEqual([
    'slipstream_capture_slot_lost_in_seconds{pipeline="shop"} 720',
  ]);
  slot = { ...slotInDanger, level: 'well', leftBytes: null, lostInMinutes: null };
  expect(await series('slipstream_capture_slot_level')).toEqual(['slipstream_capture_slot_level{pipeline="shop"} 0']);
  expect(await series('slipstream_capture_slot_left_bytes')).toEqual([]);
  gone();
  expect(await series('slipstream_capture_slot_level')).toEqual([]);
  expect(await series('slipstream_capture_lag_bytes')).toEqual([]);
});

it.each([
  [new Fenced('taken'), 'Fenced', 'warn', 1],
  [new Blocked('slot-lost', 'gone'), 'Blocked', 'warn', 0],
  [new RangeError('ours'), 'other', 'error', 0],
  ['a string', 'other', 'error', 0],
])('a failed attempt: %s counts as %s', async (error, kind, level, fenced) => {
  const { observer, lines, series } = watching();
  const attempt = {
    activity: 'followSlice',
    pipeline: 'shop',
    store: 'search',
    attempt: 2,
    workflowId: 'sync/shop/search',
  };
  observer.begun(attempt)(error);
  const labels = 'pipeline="shop",store="search",activity="followSlice"';
  expect(await series('slipstream_activity_failures_total')).toEqual([
    `slipstream_activity_failures_total{${labels},error="${kind}"} 1`,
  ]);
  expect(await series('slipstream_activity_retries_total')).toEqual([`slipstream_activity_retries_total{${labels}} 1`]);
  expect(await series('slipstream_fenced_total')).toHaveLength(fenced);
  expect(lines).toMatchObject([{ level, message: 'activity failed', fields: attempt }]);
});

it('what is under way can be told, and what has ended is not', () => {
  const { observer } = watching();
  let clock = 0;
  const underWay = watchUnderWay(observer, () => clock);
  const attempt = { activity: 'followSlice', pipeline: 'shop', store: 'search', attempt: 1, workflowId: 'w' };
  const first = underWay.observer.begun(attempt);
  const second = underWay.observer.begun({ ...attempt, activity: 'captureSlice', store: '' });
  clock = 12_300;
  expect(underWay.list()).toEqual(['followSlice of shop/search, for 12 s', 'captureSlice of shop, for 12 s']);
  first();
  second(new Error('failed'));
  expect(underWay.list()).toEqual([]);
});
