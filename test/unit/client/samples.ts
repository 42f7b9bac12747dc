import type { SlotHealth } from '../../../model/slot-sample';
import type { CaptureProgress, LaneProgress, PipelineStatus, StoreStatus } from '../../../model/status';

/** Statuses to render and to decide on. 2025-01-02 03:04:05 UTC. */
export const now = Date.UTC(2025, 0, 2, 3, 4, 5);

export function lane(changes: Partial<LaneProgress> = {}): LaneProgress {
  return {
    next: { 'shop.public.orders': { '0': '700', '1': '300' }, 'shop.positions': { '0': '42' } },
    position: { lsn: '26863568', index: 0 },
    lagRecords: 0,
    lagSeconds: 0,
    upserts: 0,
    deletes: 0,
    repeated: 0,
    batches: 1,
    at: now,
    ...changes,
  };
}

export function captured(changes: Partial<CaptureProgress> = {}): CaptureProgress {
  return { position: { lsn: '26863568', index: 0 }, changes: 10_000, copies: {}, lagBytes: 0, at: now, ...changes };
}

export function slot(changes: Partial<SlotHealth> = {}): SlotHealth {
  return {
    ...{ level: 'well', since: now, at: now, walStatus: 'reserved', retainedBytes: 16 * 1024 ** 2 },
    ...{ limitBytes: 64 * 1024 ** 2, leftBytes: 48 * 1024 ** 2, lostInMinutes: null, notes: [] },
    ...changes,
  };
}

/** In danger. */
export const slotInDanger = slot({
  ...{ level: 'danger', walStatus: 'extended', retainedBytes: 56 * 1024 ** 2, leftBytes: 8 * 1024 ** 2 },
  ...{ lostInMinutes: 3, notes: ['The slot keeps 56 MB of WAL.', 'Process 7 holds it.'] },
});

export function store(name: string, changes: Partial<StoreStatus> = {}): StoreStatus {
  return {
    store: name,
    status: 'LIVE',
    generations: [{ number: 1, mappingHash: 'abc', role: 'live', progress: lane() }],
    rebuild: null,
    problem: null,
    ...changes,
  };
}

export function pipeline(changes: Partial<PipelineStatus> = {}): PipelineStatus {
  return {
    pipeline: 'shop',
    status: 'LIVE',
    capture: { status: 'LIVE', progress: captured(), problem: null },
    stores: { replica: store('replica'), search: store('search') },
    ...changes,
  };
}
