import type { ChildState, Relayed, SyncState } from './sync-state';

/** A child that was asked is given this long to answer before the others are started without knowing. */
const answerMs = 30_000;
/** A child whose end this run would not be told of, and that has been silent for this long, is asked. */
const silenceMs = 60_000;

export type SyncStep =
  | { readonly kind: 'ask'; readonly child: string }
  | { readonly kind: 'start'; readonly child: string }
  | { readonly kind: 'relay'; readonly message: Relayed }
  | { readonly kind: 'wait'; readonly ms: number };

/** What `sync` does next. Pure. */
export function nextSyncStep({ children, outbox }: SyncState, now: number): SyncStep {
  const all = Object.entries(children);
  const unknown = all.find(([, { phase }]) => phase === 'unknown');
  if (unknown) return { kind: 'ask', child: unknown[0] };

  const message = outbox.find(({ child }) => isThere(children[child]));
  if (message) return { kind: 'relay', message };

  // Nothing is started before every child that runs has said under which configuration: a conflict changes nothing.
  const answers = all.filter(([, { phase, since }]) => phase === 'asked' && now - since < answerMs);
  if (answers.length > 0)
    return { kind: 'wait', ms: Math.max(1, ...answers.map(([, { since }]) => since + answerMs - now)) };

  const due = all.find(([, { phase, startAt }]) => phase === 'gone' && startAt <= now);
  if (due) return { kind: 'start', child: due[0] };
  const silent = all.find(([, child]) => isUnwatched(child) && now - child.since >= silenceMs);
  if (silent) return { kind: 'ask', child: silent[0] };
  return { kind: 'wait', ms: untilNext(all, now) };
}

function untilNext(all: readonly (readonly [string, ChildState])[], now: number): number {
  const starts = all.filter(([, { phase }]) => phase === 'gone').map(([, { startAt }]) => startAt - now);
  const asks = all.filter(([, child]) => isUnwatched(child)).map(([, { since }]) => since + silenceMs - now);
  return Math.max(1, Math.min(Infinity, ...starts, ...asks));
}

function isThere(child: ChildState | undefined): boolean {
  return child?.phase === 'running' || child?.phase === 'asked';
}

function isUnwatched({ phase, watched }: ChildState): boolean {
  return watched === null && (phase === 'running' || phase === 'asked');
}
