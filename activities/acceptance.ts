import type { Capabilities } from '../model/capabilities';
import { Blocked } from '../model/errors';
import { offsetOf, type Offsets } from '../model/offsets';
import { compareDecimal } from '../model/position';
import type { Acceptance, Generation } from '../stores/store';

/**
 * Invariant 9: what the store says of itself must be what it was promised to be. A store restored from a backup is
 * behind what the workflow has seen it hold: going on from there would be right for the store (the log is replayed) only
 * while the log still holds everything, and readers would go back in time. So it is said, not done.
 */
export function checkAcceptance(input: {
  readonly generation: Generation;
  readonly remembered: Offsets | null;
  readonly acceptance: Acceptance;
  /**
   * Whether what the store acknowledged survives its crash. Where that is a matter of the server's settings, a record that
   * fell back with its documents is a crash and no backup: the lane goes on from there, as far as the log reaches back.
   */
  readonly durability: Capabilities['durability'];
}): void {
  const { generation, remembered, acceptance, durability } = input;
  const what = `generation ${generation.number} of store '${generation.store}'`;
  if (acceptance.logId !== generation.logId) {
    throw new Blocked(
      'log-replaced',
      `${what} was filled from log ${acceptance.logId}, not ${generation.logId}. Order a rebuild.`,
    );
  }
  if (acceptance.mappingHash !== generation.mappingHash) {
    throw new Blocked(
      'store-behind',
      `${what} holds mapping ${acceptance.mappingHash}, not ${generation.mappingHash}. Order a rebuild.`,
    );
  }
  if (durability === 'by-setting') return;
  for (const [topic, partitions] of Object.entries(remembered ?? {})) {
    for (const [partition, offset] of Object.entries(partitions)) {
      const held = offsetOf(acceptance.next, topic, Number(partition)) ?? '0';
      if (compareDecimal(held, offset) >= 0) continue;
      throw new Blocked(
        'store-behind',
        `${what} stands at offset ${held} of ${topic}[${partition}], but it had reached ${offset}: it was restored or ` +
          `changed by someone else. Order a rebuild.`,
      );
    }
  }
}
