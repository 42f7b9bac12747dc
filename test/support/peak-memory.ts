import { existsSync, readFileSync } from 'node:fs';
import type { WorkerProcess } from './worker-process';

/** The most memory a process has had resident, in MiB, as the kernel counted it: no moment between two looks is missed. */
export function peakMemory(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? NaN) / 1024);
}

/**
 * The same of a worker that may have died of it: of its heap's limit, or by the system. For a moment it is dead and nobody
 * has told us: what is left of it then has no memory, or is not there.
 */
export function peakOrDeath({ pid, alive }: Pick<WorkerProcess, 'pid' | 'alive'>): number {
  if (!alive || !existsSync(`/proc/${pid}/status`)) return Infinity;
  const peak = peakMemory(pid);
  return Number.isNaN(peak) ? Infinity : peak;
}
