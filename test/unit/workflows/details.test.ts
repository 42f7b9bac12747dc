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

test('a store says what it does, how far it is and what to type next', () => {
  const text = storeDetails({ workflowId: 'sync/shop/search', pipeline: 'shop', prefix: 'shop', status: store });
  expect(text).toContain('**REBUILDING** — keeps store `search` of pipeline `shop` equal to the log.');
  expect(text).toContain('Rebuild (building): new \\| mapping');
  expect(text).toContain('| g1 | live | at 0/9, positions offset 9, 12 records (0.4 s) behind |');
  expect(text).toContain('| g2 | building | not begun |');
  expect(text).toContain('temporal workflow signal -w sync/shop/search --name pause');
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
  for (const text of texts) {
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(4_096);
    expect(text.split('```').length % 2).toBe(1); // no block stays open
    expect(text).toContain('temporal workflow query');
  }
});
