import { noTrouble, type Trouble } from '../../../workflows/breaker';
import { newBuild, newLane, type BuildState, type LaneState } from '../../../workflows/follow-state';
import type { Offsets } from '../../../model/offsets';
import type { StoreDefinition } from '../../../model/pipeline';
import type { LaneProgress } from '../../../model/status';

export const prefix = 'shop';
export const definition: StoreDefinition = {
  type: 'elasticsearch',
  url: { env: 'SEARCH_URL' },
  index: 'shop',
  tables: { 'public.products': {} },
};
export const blocked: Trouble = {
  failures: 0,
  blocked: true,
  problem: { type: 'Blocked', reason: 'unstorable', message: 'no', at: '2026-01-01T00:00:00.000Z', count: 1 },
};
export const degraded: Trouble = { failures: 2, blocked: false, problem: { ...blocked.problem!, type: 'Unavailable' } };

export function offsetsAt(at: number): Offsets {
  return { [`${prefix}.positions`]: { '0': String(at) } };
}

export function progressAt(at: number, other: Partial<LaneProgress> = {}): LaneProgress {
  return {
    next: offsetsAt(at),
    position: { lsn: String(at), index: 0 },
    lagRecords: 0,
    lagSeconds: 0,
    upserts: 0,
    deletes: 0,
    repeated: 0,
    batches: 1,
    at: 0,
    ...other,
  };
}

/** A prepared lane; `at` is its next offset in the positions topic. */
export function lane(input: Partial<LaneState> & { readonly at?: number } = {}): LaneState {
  const { at, ...other } = input;
  const base = newLane({ number: 1, definition, logId: 'log-1' });
  return {
    ...base,
    mappingHash: 'hash',
    trouble: noTrouble,
    progress: at === undefined ? null : progressAt(at),
    ...other,
  };
}

export function build(input: Partial<BuildState> & { readonly at?: number } = {}): BuildState {
  return { ...newBuild(lane({ number: 2, ...input }), 'new mapping'), ...pick(input) };
}

function pick({ reason, phase, exposed, sawEnd }: Partial<BuildState>): Partial<BuildState> {
  return Object.fromEntries(
    Object.entries({ reason, phase, exposed, sawEnd }).filter(([, value]) => value !== undefined),
  );
}
