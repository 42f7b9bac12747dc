import { freshCapture, freshPipeline, freshStore } from '../../../../client/status/heartbeats';
import type { LaneProgress } from '../../../../model/status';
import { captured, lane, now, pipeline, slot, slotInDanger, store } from '../samples';
import type { CaptureStatus } from '../../../../model/status';
import { slotProblem } from '../../../../model/slot-risk';

function at(offset: number, later = 1_000): LaneProgress {
  return lane({ next: { 'shop.positions': { '0': String(offset) } }, at: now + later });
}

function rebuilding(live: number, building: number | null) {
  return store('search', {
    generations: [
      { number: 1, mappingHash: 'a', role: 'live', progress: at(live, 0) },
      { number: 2, mappingHash: 'b', role: 'building', progress: building === null ? null : at(building, 0) },
    ],
  });
}

function offsets(status: ReturnType<typeof store>) {
  return status.generations.map(({ progress }) => progress?.next['shop.positions']?.['0'] ?? null);
}

describe('freshStore', () => {
  it.each([
    { title: 'no heartbeat: as the query says', live: 100, building: 10, beats: [], expected: ['100', '10'] },
    { title: 'each to its own', live: 100, building: 10, beats: [20, 105], expected: ['105', '20'] },
    { title: 'the live one is never set back', live: 100, building: 10, beats: [20], expected: ['100', '20'] },
    { title: 'one that has only just begun', live: 100, building: null, beats: [105, 3], expected: ['105', '3'] },
    { title: 'both at the same place', live: 100, building: 100, beats: [105, 104], expected: ['104', '105'] },
  ])('gives heartbeats to the generations they continue: $title', ({ live, building, beats, expected }) => {
    const fresh = freshStore(
      rebuilding(live, building),
      beats.map((beat) => at(beat)),
    );
    expect(offsets(fresh).sort()).toEqual([...expected].sort());
    expect(fresh.generations.map(({ number }) => number)).toEqual([1, 2]);
  });

  it('keeps what the workflow knows when a heartbeat is older', () => {
    const status = store('search');
    expect(freshStore(status, [lane({ at: now - 1, lagRecords: 9 })]).generations[0]?.progress?.lagRecords).toBe(0);
  });
});

describe('freshCapture', () => {
  it('takes the newest', () => {
    const status = { status: 'LIVE', progress: captured(), problem: null } as const;
    expect(freshCapture(status, []).progress?.changes).toBe(10_000);
    expect(freshCapture(status, [captured({ changes: 11_000, at: now + 1 })]).progress?.changes).toBe(11_000);
    expect(freshCapture({ ...status, progress: null }, [captured({ changes: 5 })]).progress?.changes).toBe(5);
  });
});

describe('the word for capture', () => {
  const copies = (done: boolean) => ({ 'public.orders': { done, rows: 5, estimatedRows: 10 } });
  it.each([
    ['STARTING', false, 'COPYING'],
    ['STARTING', true, 'LIVE'],
    ['COPYING', true, 'LIVE'],
    ['LIVE', true, 'LIVE'],
    ['DEGRADED', true, 'DEGRADED'],
    ['PAUSED', false, 'PAUSED'],
    ['BLOCKED', true, 'BLOCKED'],
  ] as const)('%s, copies done %p: %s', (status, done, expected) => {
    const known = { status, progress: null, problem: null };
    expect(freshCapture(known, []).status).toBe(status);
    expect(freshCapture(known, [captured({ copies: copies(done) })]).status).toBe(expected);
  });

  it('says of the pipeline what its parts are now, and not what they were when sync heard of them', () => {
    const stale = pipeline({ status: 'STARTING', capture: { status: 'STARTING', progress: null, problem: null } });
    const { capture, stores } = pipeline();
    const waiting = { search: store('search', { status: 'CATCHING_UP' }) };
    expect(freshPipeline(stale, { capture, stores: waiting }).status).toBe('CATCHING_UP');
    expect(freshPipeline(stale, { capture, stores }).status).toBe('LIVE');
    expect(freshPipeline(stale, { capture: stale.capture, stores }).status).toBe('STARTING');
    const copying = { ...capture, status: 'COPYING' as const };
    expect(freshPipeline({ ...stale, capture: copying }, { capture: copying, stores: waiting }).status).toBe('COPYING');
  });
});

describe('the slot, between two ends of slices', () => {
  const at = (later: number, seen: ReturnType<typeof slot>) =>
    captured({ at: now + later, slot: { ...seen, at: now + later } });
  const degraded: CaptureStatus = {
    ...{ status: 'DEGRADED', progress: captured(), slot: slotInDanger, problem: slotProblem(slotInDanger) },
  };

  it.each<[string, CaptureStatus, ReturnType<typeof captured>[], string, string | null]>([
    ['well', pipeline().capture, [at(1, slot())], 'LIVE', null],
    ['has got into danger', pipeline().capture, [at(1, slotInDanger)], 'DEGRADED', 'SlotAtRisk'],
    ['is in danger still', degraded, [at(1, slotInDanger)], 'DEGRADED', 'SlotAtRisk'],
    ['is well again', degraded, [at(1, slot())], 'LIVE', null],
    ['nobody has looked since', degraded, [], 'DEGRADED', 'SlotAtRisk'],
    [
      'paused, an old heartbeat',
      { ...degraded, slot: { ...slotInDanger, at: now + 9 } },
      [at(1, slot())],
      'DEGRADED',
      'SlotAtRisk',
    ],
    [
      'what does not answer comes first',
      { ...degraded, problem: { type: 'Unavailable', message: 'away', at: '', count: 1 } },
      [at(1, slotInDanger)],
      'DEGRADED',
      'Unavailable',
    ],
  ])('%s', (_, status, beats, word, problem) => {
    const fresh = freshCapture(status, beats);
    expect([fresh.status, fresh.problem?.type ?? null]).toEqual([word, problem]);
    expect(fresh.progress).not.toHaveProperty('slot');
  });
});
