import { existsSync, writeFileSync } from 'node:fs';
import type { CrashPoint, Misdeeds } from './misdeeds';

/** Called at every crash point the process passes. */
export type Pass = (point: CrashPoint) => void;

/**
 * Kills or stops this very process at the one point it was told, at the passing it was told. Nothing is flushed or
 * closed: SIGKILL and SIGSTOP cannot be caught. The marker is written first: it tells the test that the point was
 * reached, and the next worker with the same orders that it has been.
 */
export function createPass(crash: Misdeeds['crash']): Pass {
  let passings = 0;
  return (point) => {
    if (!crash || point !== crash.point || existsSync(crash.marker)) return;
    passings += 1;
    if (passings < crash.passing) return;
    writeFileSync(crash.marker, point);
    process.kill(process.pid, crash.signal);
  };
}
