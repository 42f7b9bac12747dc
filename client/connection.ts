import { Client, Connection } from '@temporalio/client';
import { Unavailable } from '../model/errors';
import type { Settings } from '../model/settings';

/** How long a server may take to answer before we call it absent. */
const connectTimeoutMs = 5_000;

/** Throws `Unavailable` with the address that does not answer and the variable that names it. */
export async function connect(settings: Settings): Promise<Client> {
  const { temporalAddress: address, temporalNamespace: namespace } = settings;
  try {
    const connection = await Connection.connect({ address, connectTimeout: connectTimeoutMs });
    return new Client({ connection, namespace });
  } catch {
    throw new Unavailable(
      `Temporal does not answer at ${address}. Start it (npm start brings up a local one) or set TEMPORAL_ADDRESS.`,
    );
  }
}
