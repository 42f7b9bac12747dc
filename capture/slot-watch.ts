import type { Log } from '../model/log';
import type { SlotHealth, SlotLevel, SlotSample } from '../model/slot-sample';
import type { judgeSlotHealth } from '../model/slot-health';
import { slotLost } from './source/slot';

/** Looks are this far apart. Each is two statements over catalogues, a few milliseconds of one backend of the leader. */
const everyMs = 2_000;
/** What is kept of them: long enough to see a position that stands still (model/slot-health.ts). */
const keptMs = 15 * 60_000;
/** Looks of the past are thinned to this distance. */
const spacedMs = 15_000;

/** How the slot fares, beside the stream that reads it. */
export interface SlotWatch {
  /** null before the first look. */
  readonly health: SlotHealth | null;
  /** Looks when it is time to. Rejects with `Blocked` slot-lost when the slot is (Invariant 9). */
  look(): Promise<void>;
}

export function createSlotWatch(options: {
  readonly pipeline: string;
  readonly slot: string;
  readonly read: () => Promise<SlotSample>;
  readonly judge: typeof judgeSlotHealth;
  readonly now: () => number;
  readonly log: Log;
}): SlotWatch {
  const { pipeline, slot, read, judge, now, log } = options;
  let samples: SlotSample[] = [];
  let health: SlotHealth | null = null;
  return {
    get health() {
      return health;
    },
    async look() {
      if (health !== null && now() - health.at < everyMs) return;
      samples = remembered(samples, await read());
      const before = health;
      health = judge({ samples, before });
      if (health.level !== (before?.level ?? 'well')) tell(log, { pipeline, slot, health });
      if (health.level === 'lost') throw slotLost(slot, health.notes[0] ?? '');
    },
  };
}

/** Oldest first; the newest always stays, whatever its distance. */
export function remembered(samples: readonly SlotSample[], sample: SlotSample): SlotSample[] {
  const [last, previous] = [samples.at(-1), samples.at(-2)];
  const close = last && previous && last.at - previous.at < spacedMs;
  return [...(close ? samples.slice(0, -1) : samples), sample].filter(({ at }) => sample.at - at <= keptMs);
}

const severities: Readonly<Record<SlotLevel, 'info' | 'warn' | 'error'>> = {
  well: 'info',
  warning: 'warn',
  danger: 'warn',
  lost: 'error',
};

function tell(
  log: Log,
  input: { readonly pipeline: string; readonly slot: string; readonly health: SlotHealth },
): void {
  const { pipeline, slot, health } = input;
  const { level, walStatus, retainedBytes, limitBytes, lostInMinutes, notes } = health;
  const what = level === 'well' ? 'the replication slot is well again' : `the replication slot: ${notes.join(' ')}`;
  log(severities[level], what, {
    pipeline,
    slot,
    slotLevel: level,
    walStatus,
    retainedBytes,
    limitBytes,
    lostInMinutes,
  });
}
