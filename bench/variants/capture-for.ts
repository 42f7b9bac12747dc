import { setTimeout as pause } from 'node:timers/promises';
import { openCaptureSession } from '../../capture/session';
import { captureOptionsAt, type Place } from '../log';
import type { Meter } from '../meter';

export interface CaptureForSpec {
  readonly place: Place;
  readonly logId: string;
  readonly seconds: number;
  /** Table to be copied again meanwhile, and the name of the order; null: none. */
  readonly again: { readonly table: string; readonly order: string } | null;
}

/** A capture session for so long, beside a load on its source. Throws when what it was to copy was copied before the end. */
export async function captureFor({ place, logId, seconds, again }: CaptureForSpec, meter: Meter): Promise<number> {
  const session = await openCaptureSession(captureOptionsAt(place, logId));
  try {
    const done = new AbortController();
    meter.start();
    const running = session.run({
      signal: done.signal,
      maxMs: Infinity,
      // What an earlier run has left of its copy must not go on beside a run that has none.
      copy: { paused: again === null, again: again ? { [again.table]: again.order } : {} },
      onProgress: () => undefined,
    });
    await Promise.race([pause(seconds * 1_000), running]);
    done.abort();
    await running;
    meter.stop();
    if (again && session.progress.copies[again.table]?.done === true) {
      throw new Error(`${again.table} was copied before the run was over: give the archive more rows, with --changes.`);
    }
    return session.progress.changes;
  } finally {
    await session.close();
  }
}
