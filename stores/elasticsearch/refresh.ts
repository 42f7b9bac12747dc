import type { StoreDefinition } from '../../model/pipeline';

type Definition = Extract<StoreDefinition, { type: 'elasticsearch' }>;

const unitMs = { ms: 1, s: 1_000, m: 60_000 };
const mostMs = 50;

/** The index setting: how often what was written can be found by searches. */
export function refreshInterval({ refresh = '1s' }: Pick<Definition, 'refresh'>): string {
  return refresh === 'never' ? '-1' : refresh;
}

/**
 * A twentieth of the refresh interval, at most 50 ms. Each batch is a bulk of documents and a write of the lane's record,
 * on disk before it is answered, and a refresh takes several times as long on a server that is busy with them.
 */
export function gatherMs({ refresh = '1s' }: Pick<Definition, 'refresh'>): number {
  const [, amount, unit] = /^(\d+)(ms|s|m)$/.exec(refresh) ?? [];
  if (amount === undefined) return mostMs;
  return Math.min(mostMs, (Number(amount) * unitMs[unit as keyof typeof unitMs]) / 20);
}
