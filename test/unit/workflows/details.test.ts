import type { SlotHealth } from '../../../model/slot-sample';
import { slotProblem } from '../../../model/slot-risk';
import type { CaptureStatus, PipelineStatus, Problem, StoreStatus } from '../../../model/status';
import { captureDetails, storeDetails, syncDetails } from '../../../workflows/details';
import { progressAt } from './lanes';

const problem: Problem = {
  type: 'Blocked',
  reason: 'unstorable',
  message: `a | b\n${'x'.repeat(2_000)}`,
  at: '2026-01-01T00:00:00.000Z',
  count: 3,
};
const store: StoreStatus = {
  store: 'search',
  status: 'REBUILDING',
  generations: [
    { number: 1, mappingHash: 'a', role: 'live', progress: progressAt(9, { lagRecords: 12, lagSeconds: 0.4 }) },
    { number: 2, mappingHash: 'b', role: 'building', progress: null },
  ],
  rebuild: { reason: 'new | mapping', phase: 'building' },
  problem: null,
};

const details = (status: StoreStatus) =>
  storeDetails({ workflowId: 'sync/shop/search', pipeline: 'shop', prefix: 'shop', status });

test('a store says how it is, what it does, how far it is and what to type next', () => {
  const text = details(store);
  expect(text).toContain('**REBUILDING**: readers use the live generation');
  expect(text).toContain('Keeps store `search` of pipeline `shop` equal to the source');
  expect(text).toContain('Rebuild, building: new | mapping');
  expect(text).toContain('- generation 1 (what readers see): 12 records (0.4 s) behind; at 0/9, positions offset 9');
  expect(text).toContain('- generation 2 (being built, not yet read): not begun');
  expect(text).toContain('npx slipstream status shop --watch');
  expect(text).toContain('temporal workflow signal -w sync/shop/search --name pause');
});

test.each([
  ['LIVE', ['pause', 'rebuild'], ['resume', 'retry']],
  ['PAUSED', ['resume', 'rebuild'], ['pause']],
  ['DEGRADED', ['retry', 'pause', 'rebuild'], ['resume']],
  ['BLOCKED', ['retry', 'pause', 'rebuild'], ['resume']],
] as const)('a store that is %s is offered %j', (status, offered, others) => {
  const text = details({ ...store, status, rebuild: null });
  for (const name of offered) expect(text).toContain(`--name ${name}`);
  for (const name of others) expect(text).not.toContain(`--name ${name}`);
});

test('no line to be typed is cut by the frame of the web UI', () => {
  const inBlocks = details(store)
    .split('```')
    .filter((_, index) => index % 2 === 1)
    .flatMap((block) => block.split('\n'));
  expect(inBlocks.length).toBeGreaterThan(4);
  for (const line of inBlocks) expect(line.length).toBeLessThanOrEqual(70);
});

test('what is parked is counted, with the line that lists it; a build that is held says for what', () => {
  const progress = progressAt(9, { parked: { records: 1_234, rows: 7 } });
  const text = details({
    ...store,
    held: true,
    generations: [{ number: 2, mappingHash: 'b', role: 'building', progress }],
  });
  expect(text).toContain('behind, **1,234 parked**; at 0/9');
  expect(text).toContain('`npx slipstream parked list shop search`');
  expect(text).toContain('`{"action":"accept"}`');
  expect(details(store)).not.toContain('parked');
});

test('a problem stands above everything but the status, on one line, with its reason and count', () => {
  const [, second] = details({ ...store, status: 'BLOCKED', problem }).split('\n\n');
  expect(second).toContain('**unstorable** at 2026-01-01T00:00:00.000Z, 3 times: a | b xxx');
});

test('a slot in danger: the page says so, what it keeps, and what ends it', () => {
  const slot: SlotHealth = {
    ...{ level: 'danger', since: 0, at: 0, walStatus: 'extended', retainedBytes: 1_500 * 1024 ** 2, limitBytes: 1 },
    ...{ leftBytes: 12 * 1024 ** 2, lostInMinutes: 4, notes: ['Run: select pg_terminate_backend(7);'] },
  };
  const page = (status: CaptureStatus) => captureDetails('sync/shop/capture', 'shop', status);
  const text = page({ status: 'DEGRADED', progress: null, slot, problem: slotProblem(slot) });
  expect(text).toContain('**DEGRADED**: the replication slot may be lost');
  expect(text).toContain('Run: select pg_terminate_backend(7);');
  expect(text).toContain(
    'The slot (extended) makes the source keep 1,500 MB of WAL; 12 MB left before it may be lost, in about 4 min as it grows now.',
  );
  expect(text).toContain('--name resume');
  const well = { ...slot, level: 'well' as const, leftBytes: null, lostInMinutes: null };
  expect(page({ status: 'LIVE', progress: null, slot: well, problem: null })).toContain('no limit but the disk.');
});

test('whatever the number of tables, stores and problems, details stay within 4 KB', () => {
  const copies = Object.fromEntries(
    Array.from({ length: 300 }, (_, index) => [
      `public.a_table_with_a_rather_long_name_${index}`,
      { done: false, rows: 5, estimatedRows: 9 },
    ]),
  );
  const capture: CaptureStatus = {
    status: 'COPYING',
    progress: { position: { lsn: '1', index: 0 }, changes: 1, copies, lagBytes: 0, at: 0 },
    problem,
  };
  const stores = Object.fromEntries(
    Array.from({ length: 300 }, (_, index) => [`store_${index}`, { ...store, store: `store_${index}` }]),
  );
  const sync: PipelineStatus = { pipeline: 'shop', status: 'COPYING', capture, stores };
  const texts = [
    captureDetails('sync/shop/capture', 'shop', capture),
    syncDetails('sync/shop', sync),
    storeDetails({ workflowId: 'sync/shop/search', pipeline: 'shop', prefix: 'shop', status: { ...store, problem } }),
  ];
  expect(texts[0]).toMatch(/… and \d+ more/);
  for (const text of texts) {
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(4_096);
    expect(text.split('```').length % 2).toBe(1); // no block stays open
    expect(text).toContain('temporal workflow query');
    expect(text).toContain('temporal workflow signal');
    expect(text).not.toContain('undefined');
  }
});

test('of hundreds of tables those under way come first, and those that are copied last', () => {
  const copies = Object.fromEntries(
    Array.from({ length: 300 }, (_, at) => [
      `public.t${at}`,
      { done: at < 100, rows: at < 100 || at === 200 ? 5 : 0, estimatedRows: 6 },
    ]),
  );
  const status: CaptureStatus = {
    status: 'COPYING',
    progress: { position: { lsn: '1', index: 0 }, changes: 1, copies, lagBytes: 0, at: 0 },
    problem: null,
  };
  const lines = captureDetails('sync/shop', 'shop', status)
    .split('\n')
    .filter((line) => line.startsWith('- '));
  expect(lines[0]).toContain('`public.t200` copying, 5');
  expect(lines[1]).toContain('`public.t100` waits its turn');
  expect(lines.some((line) => line.includes('`public.t0`'))).toBe(false);
});
