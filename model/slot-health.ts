import type { SlotHealth, SlotLevel, SlotSample } from './slot-sample';

/**
 * How a replication slot is, judged from looks at it. A slot makes the leader keep WAL, up to `max_slot_wal_keep_size`;
 * beyond that the server gives it up, and a pipeline whose slot is lost has to begin anew. So it is said before it is
 * too late, with who or what is the reason, and the statement that mends it. Pure.
 */

/** Where `well` ends. */
export interface SlotThresholds {
  /** Share of the limit that is used up; what is in danger is out of it below `warning`, so that it does not flicker. */
  readonly share: { readonly warning: number; readonly danger: number };
  /** Used up by growth within so many minutes, once so much of the limit is used. */
  readonly minutes: { readonly warning: number; readonly danger: number; readonly fromShare: number };
  /** Where nothing limits it but the disk. */
  readonly bytes: { readonly warning: number; readonly danger: number };
  /** Nothing came, and the confirmed position has not moved, for so long while so much WAL was written. */
  readonly still: { readonly warningMs: number; readonly dangerMs: number; readonly bytes: number };
  readonly inactiveMs: number;
  /** An open transaction is named from this age on: ending a younger one would help nobody. */
  readonly oldMs: number;
  /** Growth seen over less than this says nothing: restart positions move in steps, every 15 s and at checkpoints. */
  readonly observedMs: number;
}

const minute = 60_000;
const gibibyte = 1024 ** 3;

export const slotThresholds: SlotThresholds = {
  share: { warning: 0.5, danger: 0.7 },
  minutes: { warning: 360, danger: 30, fromShare: 0.25 },
  bytes: { warning: 10 * gibibyte, danger: 50 * gibibyte },
  still: { warningMs: minute, dangerMs: 10 * minute, bytes: 64 * 1024 ** 2 },
  inactiveMs: minute,
  oldMs: minute,
  observedMs: minute,
};

interface Concern {
  readonly level: Exclude<SlotLevel, 'well'>;
  readonly note: string;
}

/** `samples`: oldest first, at least one; `before`: what was judged last, here or by somebody else. */
export function judgeSlotHealth(
  { samples, before }: { readonly samples: readonly SlotSample[]; readonly before: SlotHealth | null },
  thresholds: SlotThresholds = slotThresholds,
): SlotHealth {
  const now = samples.at(-1);
  if (!now) throw new RangeError('A slot is judged by at least one look at it.');
  const retainedBytes = retained(now);
  const growth = growthPerMs(samples, before, thresholds.observedMs);
  const left = now.slot?.safeBytes ?? null;
  const lostInMinutes = left === null || growth === null || growth <= 0 ? null : Math.max(0, left / growth / minute);
  const concerns = [
    ...gone(now),
    ...filling(now, { wasInDanger: before?.level === 'danger', lostInMinutes, thresholds }),
    ...standingStill(samples, thresholds),
    ...unread(samples, thresholds),
  ].sort((left, right) => severity.indexOf(right.level) - severity.indexOf(left.level));
  const level = concerns[0]?.level ?? 'well';
  const held = level === 'lost' ? [] : holder(samples, thresholds);
  return {
    level,
    since: before?.level === level ? before.since : now.at,
    at: now.at,
    walStatus: now.slot?.walStatus ?? null,
    retainedBytes,
    limitBytes: now.limitBytes,
    leftBytes: left,
    lostInMinutes: lostInMinutes === null ? null : Math.round(lostInMinutes),
    notes: level === 'well' ? [] : [...concerns.slice(0, 2).map(({ note }) => note), ...held],
  };
}

const severity: readonly SlotLevel[] = ['well', 'warning', 'danger', 'lost'];

function gone({ slot }: SlotSample): Concern[] {
  if (slot === null) return [{ level: 'lost', note: 'The replication slot does not exist any more.' }];
  if (slot.walStatus !== 'lost' && slot.invalidationReason === null) return [];
  return [
    { level: 'lost', note: `The server has given the slot up (${slot.invalidationReason ?? 'its WAL was removed'}).` },
  ];
}

function filling(
  { slot, limitBytes, flushLsn }: SlotSample,
  input: { readonly wasInDanger: boolean; readonly lostInMinutes: number | null; readonly thresholds: SlotThresholds },
): Concern[] {
  const { wasInDanger, lostInMinutes, thresholds } = input;
  if (slot === null || slot.restartLsn === null) return [];
  const kept = between(slot.restartLsn, flushLsn);
  if (slot.walStatus === 'unreserved') {
    const note = `The next checkpoint may remove WAL that the slot needs: it keeps ${size(kept)}, more than allowed. ${more}`;
    return [{ level: 'danger', note }];
  }
  if (limitBytes === null || slot.safeBytes === null) {
    const { warning, danger } = thresholds.bytes;
    if (kept < warning) return [];
    const note = `The slot keeps ${size(kept)} of WAL, and only the disk limits it.`;
    return [{ level: kept >= (wasInDanger ? warning : danger) ? 'danger' : 'warning', note }];
  }
  const share = limitBytes === 0 ? 1 : Math.max(0, 1 - slot.safeBytes / limitBytes);
  const used = `The slot keeps ${size(kept)} of WAL; ${size(slot.safeBytes)} more, and it may be lost.`;
  const soon = lostInMinutes !== null && share >= thresholds.minutes.fromShare ? lostInMinutes : Infinity;
  const note = `${used}${soon < thresholds.minutes.warning ? ` At this rate in about ${Math.round(soon)} min.` : ''} ${more}`;
  const { warning, danger } = thresholds.share;
  if (share >= (wasInDanger ? warning : danger) || soon < thresholds.minutes.danger) return [{ level: 'danger', note }];
  return share >= warning || soon < thresholds.minutes.warning ? [{ level: 'warning', note }] : [];
}

const more = 'To have time: alter system set max_slot_wal_keep_size = …; select pg_reload_conf();';

function standingStill(samples: readonly SlotSample[], { still }: SlotThresholds): Concern[] {
  const now = samples.at(-1);
  const confirmed = now?.slot?.confirmedLsn;
  // One large transaction confirms nothing until its end, for an hour maybe; while it comes, nothing stands still.
  const from = stretch(samples, ({ slot, received }) => slot?.confirmedLsn === confirmed && received === now?.received);
  if (!now || !from || confirmed === undefined || confirmed === null || !now.slot?.active) return [];
  const ms = now.at - from.at;
  const written = between(from.flushLsn, now.flushLsn);
  if (ms < still.warningMs || written < still.bytes) return [];
  const note =
    `Nothing has come or been confirmed for ${span(ms)} while the source wrote ${size(written)} of WAL: Kafka takes ` +
    "nothing, or the server sends nothing (see the worker's log).";
  return [{ level: ms >= still.dangerMs ? 'danger' : 'warning', note }];
}

function unread(samples: readonly SlotSample[], { inactiveMs }: SlotThresholds): Concern[] {
  const now = samples.at(-1);
  if (!now?.slot || now.slot.active) return [];
  const since = now.slot.inactiveSince ?? stretch(samples, ({ slot }) => slot?.active === false)?.at ?? now.at;
  const ms = now.at - since;
  const note = `Nobody has read the slot for ${span(ms)}: resume capture, or start a worker.`;
  const timeoutMs = now.idleTimeoutSeconds * 1_000;
  if (timeoutMs > 0 && ms >= timeoutMs / 2) {
    return [{ level: 'danger', note: `${note} After ${span(timeoutMs)} the server gives it up.` }];
  }
  return ms >= inactiveMs ? [{ level: 'warning', note }] : [];
}

/** The slot can keep no less than what was written since this transaction began. */
function holder(samples: readonly SlotSample[], { oldMs }: SlotThresholds): string[] {
  const now = samples.at(-1);
  if (!now?.oldest) return [];
  const { who, since, statement } = now.oldest;
  const seen = stretch(samples, ({ oldest }) => oldest?.statement === statement)?.at ?? now.at;
  const ms = now.at - (since ?? seen);
  if (ms < oldMs) return [];
  return [
    `A transaction is open for ${span(ms)} (${who}), and all WAL since is kept. If it is forgotten: ${statement}`,
  ];
}

/** The first of the samples that hold the condition without a break up to now. */
function stretch(samples: readonly SlotSample[], holds: (sample: SlotSample) => boolean): SlotSample | undefined {
  const broken = samples.findLastIndex((sample) => !holds(sample));
  return samples[broken + 1];
}

function growthPerMs(samples: readonly SlotSample[], before: SlotHealth | null, observedMs: number): number | null {
  const [first] = samples;
  const now = samples.at(-1);
  if (!first || !now) return null;
  const fits = (at: number) => now.at - at >= observedMs;
  const from = fits(first.at)
    ? { at: first.at, bytes: retained(first) }
    : { at: before?.at, bytes: before?.retainedBytes };
  const to = retained(now);
  if (from.at === undefined || !fits(from.at) || to === null) return null;
  return from.bytes === null || from.bytes === undefined ? null : (to - from.bytes) / (now.at - from.at);
}

function retained({ slot, flushLsn }: SlotSample): number | null {
  return slot?.restartLsn === null || slot?.restartLsn === undefined ? null : between(slot.restartLsn, flushLsn);
}

function between(from: string, to: string): number {
  return Math.max(0, Number(BigInt(to) - BigInt(from)));
}

/** `max_slot_wal_keep_size` is given in these units too. */
function size(bytes: number): string {
  const megabytes = bytes / 1024 ** 2;
  return megabytes < 1_000 ? `${Math.round(megabytes)} MB` : `${(megabytes / 1024).toFixed(1)} GB`;
}

function span(ms: number): string {
  const seconds = ms / 1_000;
  if (seconds < 100) return `${Math.round(seconds)} s`;
  return seconds < 6_000 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3_600).toFixed(1)} h`;
}
