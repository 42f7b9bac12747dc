import type { Client } from 'pg';
import { withClient } from '../../examples/shop/database';
import type { Meter } from '../meter';

export interface CopyOutSpec {
  readonly url: string;
  readonly rows: number;
}

interface Wire {
  on(event: 'copyData', listener: (message: { readonly chunk: Buffer }) => void): void;
}

/** `COPY … TO STDOUT` of the same table, every row received and none looked at. */
export async function copyOut({ url, rows }: CopyOutSpec, meter: Meter): Promise<number> {
  return withClient(url, async (client) => {
    meter.start();
    const received = await receiveAll(client, rows);
    meter.stop();
    return received;
  });
}

/** Of a client that is used for nothing else. */
export async function receiveAll(client: Client, rows: number): Promise<number> {
  let received = 0;
  (client.connection as unknown as Wire).on('copyData', () => (received += 1));
  await client.query('copy items to stdout');
  if (received !== rows) throw new Error(`COPY gave ${received} rows of ${rows}.`);
  return received;
}
