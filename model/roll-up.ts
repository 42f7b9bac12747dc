import type { StatusName } from './status';

/** From worst to best; STOPPED only counts when nothing else is left. */
const severity: readonly StatusName[] = [
  'BLOCKED',
  'DEGRADED',
  'STARTING',
  'COPYING',
  'PAUSED',
  'CATCHING_UP',
  'REBUILDING',
  'LIVE',
];

/** One word for a whole pipeline: that of its part which most needs to be looked at. Pure. */
export function rolledUp(parts: readonly StatusName[]): StatusName {
  return severity.find((status) => parts.includes(status)) ?? 'STOPPED';
}
