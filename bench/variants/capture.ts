import { openCaptureSession } from '../../capture/session';
import { defaultCaptureParts } from '../../capture/parts';
import { captureOptionsAt, type Place } from '../log';
import type { Meter } from '../meter';

export interface CaptureSpec {
  readonly place: Place;
  readonly logId: string;
  readonly changes: number;
}

/**
 * WAL to log by a capture session, until every change is acknowledged by Kafka and confirmed to PostgreSQL. The clock
 * runs from the moment the writer has the fence, which is before the replication stream is opened.
 */
export async function capture({ place, logId, changes }: CaptureSpec, meter: Meter): Promise<number> {
  const session = await openCaptureSession(captureOptionsAt(place, logId), {
    ...defaultCaptureParts,
    async openWriter(options, log) {
      const writer = await defaultCaptureParts.openWriter(options, log);
      meter.start();
      return writer;
    },
  });
  try {
    const done = new AbortController();
    await session.run({
      signal: done.signal,
      maxMs: Infinity,
      onProgress: (progress) => {
        if (progress.changes >= changes) done.abort();
      },
    });
    meter.stop();
    return session.progress.changes;
  } finally {
    await session.close();
  }
}
