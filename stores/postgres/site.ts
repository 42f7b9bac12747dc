import type { StoreContext } from '../store';
import type { Connect, Connection, ConnectOptions } from './connection';
import { translate } from './errors';

type PostgresDefinition = Extract<StoreContext['definition'], { type: 'postgres' }>;

/** Where one store lives, and how it is reached. */
export interface Site {
  readonly pipeline: string;
  readonly store: string;
  /** The readers' schema. */
  readonly schema: string;
  readonly definition: PostgresDefinition;
  readonly catalogue: StoreContext['catalogue'];
  readonly url: ConnectOptions['url'];
  readonly connect: Connect;
  /** How messages name the store. */
  readonly what: string;
}

export function connectAs({ connect, url, pipeline, store }: Site, purpose = ''): Promise<Connection> {
  return connect({ url, applicationName: `slipstream ${purpose} ${pipeline}/${store}`.slice(0, 63) });
}

/** Runs `work` on a connection of its own; the server's errors come out in our words. */
export async function withConnection<Result>(
  site: Site,
  work: (connection: Connection) => Promise<Result>,
): Promise<Result> {
  try {
    const connection = await connectAs(site);
    try {
      return await work(connection);
    } finally {
      await connection.end();
    }
  } catch (error) {
    throw translate(error, site.what);
  }
}

/** One at a time changes what generations there are and what readers see. Ends with the transaction. */
export async function lockSite(connection: Connection, { schema }: Site): Promise<void> {
  await connection.query({
    text: 'select pg_advisory_xact_lock(hashtextextended($1, 0))',
    values: [`slipstream ${schema}`],
  });
}
