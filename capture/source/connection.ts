import { types } from 'node:util';
import { Client, type ClientConfig } from 'pg';
import { InvalidConfig, Unavailable } from '../../model/errors';
import { isAboutCertificate, unreadableFile } from '../../model/judge-login';
import { openCopyDataWire } from '../wire';

/**
 * Every connection renders values the same way: a row found by the copy must read exactly as the same row does when the
 * stream brings it, or one document would flicker between two texts. `search_path` and `quote_all_identifiers` decide how
 * regclass and the like are written, and the types of columns; `lc_monetary` how money is: as stores read it (their
 * connections set the same), whatever the database's own is; `row_security=off` turns rows hidden by a policy into an error, since a silent filter would lose them.
 * Our own transactions write nothing that must survive, so none of them waits for a synchronous standby.
 */
const sessionOptions = {
  TimeZone: 'UTC',
  DateStyle: 'ISO',
  IntervalStyle: 'postgres',
  extra_float_digits: '3',
  bytea_output: 'hex',
  lc_monetary: 'C',
  quote_all_identifiers: 'off',
  search_path: 'pg_catalog',
  row_security: 'off',
  synchronous_commit: 'local',
} as const;

const connectTimeoutMs = 10_000;

/** Values arrive as the server wrote them: no Date, which would lose microseconds. */
const textTypes: NonNullable<ClientConfig['types']> = { getTypeParser: () => (text: string) => text };

/**
 * Opens a connection to the source. With `replication` it speaks the replication protocol too (simple queries only).
 * Throws `InvalidConfig` or `Unavailable`, never with the URL. A later loss of the connection goes to `onLost`.
 */
export async function connect(
  url: string,
  options: {
    readonly replication?: boolean;
    readonly onLost?: (error: Error) => void;
    /** Takes the rows of COPY, and of the replication stream, from what is read; nothing has been sent or received yet. */
    readonly open?: (client: Client) => void;
  } = {},
): Promise<Client> {
  const client = newClient(url, options.replication === true);
  (options.open ?? openCopyDataWire)(client);
  // Without a listener Node ends the process when an idle connection breaks; queries in flight fail by themselves.
  client.on('error', (error) => options.onLost?.(translateSourceError(error)));
  try {
    await client.connect();
    return client;
  } catch (error) {
    throw translateSourceError(error);
  }
}

/** The same for one look at the source, which ends with `signal`. Rejects with the server's own error. */
export async function connectToLook(url: string, signal: AbortSignal): Promise<Client> {
  const client = newClient(url, false);
  client.on('error', () => undefined); // the query under way is rejected as well
  // A server that stands still would never answer a farewell.
  const cut = () => (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  signal.throwIfAborted();
  signal.addEventListener('abort', cut, { once: true });
  await client.connect();
  return client;
}

function newClient(url: string, replication: boolean): Client {
  const config: ClientConfig & { replication?: 'database' } = {
    connectionString: url,
    application_name: 'slipstream-capture',
    options: Object.entries(sessionOptions)
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(' '),
    types: textTypes,
    keepAlive: true,
    connectionTimeoutMillis: connectTimeoutMs,
    ...(replication ? { replication: 'database' } : {}),
  };
  try {
    return new Client(config);
  } catch (error) {
    const otherwise = "The source's URL cannot be parsed: write postgres://user:password@host:port/database.";
    throw new InvalidConfig(unreadableFile(error) ?? otherwise);
  }
}

/** Ends a connection whatever state it is in. */
export async function disconnect(client: Client): Promise<void> {
  await client.end().catch(() => undefined); // it is being thrown away: how it ended changes nothing
}

/** SQLSTATE classes and codes that pass by themselves: connection, resources, operator intervention, locks, I/O. */
const passing = /^(08|53|57|58|40)|^55P03$|^55006$/;
const socketErrors = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
]);
const lostTexts = [
  'Connection terminated',
  'timeout expired',
  'Client has encountered a connection error',
  'not queryable',
];

/** What to do about it, by SQLSTATE. */
const cures: Readonly<Record<string, string>> = {
  '3D000': 'Correct the database in the URL.',
  '42501':
    'Grant what is missing to the user of the URL (capture needs REPLICATION and SELECT on the captured tables).',
  '25006': 'Capture needs the leader: point the URL at it.',
};

/**
 * A login that was good at the start and is refused now is a password being changed, or pg_hba.conf: a matter of minutes,
 * which mends itself when both sides know. A start is told at once all the same, by the checks before it.
 */
const refusedLogins: Readonly<Record<string, string>> = {
  '28P01': 'Correct the password in the URL and start the worker again.',
  '28000': 'Check the user in the URL, its LOGIN and REPLICATION attributes, and pg_hba.conf.',
};

/**
 * The one translation of the source's errors. What is not known stays as it is: a bug, or a foreign error to look at.
 * PostgreSQL's messages of these codes name users, databases and objects, never values or passwords.
 */
export function translateSourceError(error: unknown): Error {
  // Not `instanceof`: errors of Node's own come from another realm where code runs in a sandbox.
  if (!types.isNativeError(error)) return new Error(String(error));
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const cure = cures[code];
  if (cure !== undefined) return new InvalidConfig(`The source refuses: ${error.message}. ${cure}`);
  const login = refusedLogins[code];
  if (login !== undefined) return new Unavailable(`The source refuses: ${error.message}. ${login} It is tried again.`);
  if (code === '55000' && error.message.includes('wal_level')) return walLevelTooLow();
  if (code === '55000' && error.message.includes('recovery')) {
    return new InvalidConfig(`The source is a standby: ${error.message}. ${cures['25006']}`);
  }
  if (/client password must be a/.test(error.message)) {
    return new InvalidConfig('The source asks for a password and the URL has none. Add it to the URL.');
  }
  if (isAboutCertificate(code)) {
    return new Unavailable(
      `The source's certificate is not accepted: ${error.message}. Add sslrootcert=FILE to the URL, with the certificate of ` +
        'who vouches for it, and name the server as it does. It is tried again.',
    );
  }
  if (passing.test(code) || socketErrors.has(code) || lostTexts.some((text) => error.message.includes(text))) {
    return new Unavailable(`The source cannot be reached just now: ${error.message}. It is tried again.`);
  }
  return error;
}

export function walLevelTooLow(): InvalidConfig {
  return new InvalidConfig(
    "The source does not log enough for logical decoding. Run: alter system set wal_level = 'logical'; then restart it.",
  );
}
