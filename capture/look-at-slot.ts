import type { SlotHealth } from '../model/slot-sample';
import { defaultCaptureParts, type CaptureOptions, type CaptureParts } from './parts';
import { connect, disconnect, translateSourceError } from './source/connection';
import { slotLost } from './source/slot';
import { readSlotSample } from './source/slot-sample';

/**
 * One look at a slot that no session of ours reads: capture is paused, or stands still for a reason. That is when WAL piles
 * up unseen. `before`: what was judged last, from which growth is told. Throws `Blocked` slot-lost, else `Unavailable`.
 */
export async function lookAtSlot(
  { pipeline, sourceUrl }: Pick<CaptureOptions, 'pipeline' | 'sourceUrl'>,
  before: SlotHealth | null,
  parts: Pick<CaptureParts, 'judgeSlotHealth' | 'now'> = defaultCaptureParts,
): Promise<SlotHealth> {
  const { slot } = pipeline.source;
  const client = await connect(sourceUrl);
  try {
    const health = parts.judgeSlotHealth({ samples: [await readSlotSample(client, slot, parts.now)], before });
    if (health.level === 'lost') throw slotLost(slot, health.notes[0] ?? '');
    return health;
  } catch (error) {
    throw translateSourceError(error);
  } finally {
    await disconnect(client);
  }
}
