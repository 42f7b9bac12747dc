import { decodeWalMessage } from '../../capture/pgoutput';
import { openReplication } from '../../capture/replication';
import type { Meter } from '../meter';

export interface RawStreamSpec {
  readonly url: string;
  readonly slot: string;
  readonly publication: string;
  readonly startLsn: string;
  readonly changes: number;
}

/** The same stream read by the same reader and decoder, and thrown away: how fast PostgreSQL gives it. */
export async function rawStream(spec: RawStreamSpec, meter: Meter): Promise<number> {
  const { url, slot, publication, startLsn, changes } = spec;
  const replication = await openReplication(url);
  let seen = 0;
  try {
    await new Promise<void>((resolve, reject) => {
      meter.start();
      replication.stream({
        slot,
        publication,
        startLsn,
        handlers: {
          onMessage(payload) {
            const { kind } = decodeWalMessage(payload);
            if (kind === 'insert' || kind === 'update' || kind === 'delete') seen += 1;
            if (kind === 'commit' && seen >= changes) resolve();
          },
          onOversized: (_head, bytes) => new Error(`A message of ${bytes} bytes.`),
          onKeepalive: () => undefined,
          onEnd: reject,
        },
      });
    });
    meter.stop();
    return seen;
  } finally {
    await replication.close();
  }
}
