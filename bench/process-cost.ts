import { readFileSync } from 'node:fs';

/** Linux counts CPU time in ticks of 10 ms towards programs, whatever its kernel's own clock. */
const ticksPerSecond = 100;

/** What another process has used so far; null where the system has no /proc. */
export function costOf(pid: number): { readonly cpuSeconds: number; readonly peakRssMiB: number } | null {
  try {
    // The name in parentheses may hold anything; numbered fields begin behind it, with the third.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    const ticks = Number(fields[11]) + Number(fields[12]);
    const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return { cpuSeconds: ticks / ticksPerSecond, peakRssMiB: Number(peak) / 1_024 };
  } catch {
    return null;
  }
}
