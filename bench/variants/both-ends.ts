import { withClient } from '../../examples/shop/database';
import type { Meter } from '../meter';
import { receiveAll, type CopyOutSpec } from './copy-out';
import { openRawProduce, type RawProduceSpec } from './raw-produce';

export interface BothEndsSpec {
  readonly copyOut: CopyOutSpec;
  readonly produce: RawProduceSpec;
}

/**
 * What a copy has to do at both of its ends, at one time and in one process as it does, with nothing between: rows come that nobody
 * looks at, and their records, made beforehand, are produced. Until both are done: a copy whose own work cost nothing would reach this.
 */
export async function bothEnds({ copyOut, produce }: BothEndsSpec, meter: Meter): Promise<number> {
  const producing = await openRawProduce(produce);
  try {
    return await withClient(copyOut.url, async (client) => {
      meter.start();
      const [received] = await Promise.all([receiveAll(client, copyOut.rows), producing.produce()]);
      meter.stop();
      return received;
    });
  } finally {
    await producing.close();
  }
}
