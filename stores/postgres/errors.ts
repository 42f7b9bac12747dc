import { DatabaseError } from 'pg';
import { InvalidConfig, Unavailable } from '../../model/errors';

/** The reaction a server's error asks for. `refused`: a value the tables cannot hold. */
export type Reaction = 'refused' | 'again' | 'configuration' | 'depended' | 'gone' | 'statement' | 'unknown';

/** SQLSTATE, or its class of two characters → reaction. A whole code goes before its class. */
const reactions: Readonly<Record<string, Reaction>> = {
  '08': 'again', // connection
  '21': 'refused', // two rows of one statement for one key
  '22': 'refused', // data
  '23': 'refused', // constraint
  '25006': 'again', // read-only: a standby, until it is promoted
  '25P03': 'again', // idle in transaction for too long
  '28': 'again', // authentication: a password being changed; a start is refused by the checks before it
  '2BP01': 'depended', // others' objects are built upon it
  '3D': 'configuration', // no such database
  '3F': 'gone', // no such schema
  '40': 'again', // serialization, deadlock
  '42': 'statement', // our own mistake: quotes names and SQL
  '42501': 'configuration', // privilege
  '42P01': 'gone', // no such table
  '53': 'again', // connections, memory, disk
  '54': 'refused', // a row or key beyond the server's limits
  '55': 'again', // locks
  '57': 'again', // shut down, cancelled, starting
  '58': 'again', // system
};

const conditions: Readonly<Record<string, string>> = {
  '22001': 'a text too long for its column',
  '22003': 'a number out of its range',
  '22007': 'no date or time of that type',
  '22008': 'a date or time out of its range',
  '22021': 'a character the encoding does not have',
  '22P05': 'a character the encoding of the database does not have',
  '22P02': 'a text that is no value of its type',
  '23502': 'a NULL where none may be',
  '23505': 'a key that is there already',
  '23514': 'a value that breaks a check',
  '54000': 'a key too long for an index',
};

export function reactionTo(error: unknown): Reaction | null {
  if (!(error instanceof DatabaseError) || error.code === undefined) return null;
  return reactions[error.code] ?? reactions[error.code.slice(0, 2)] ?? 'unknown';
}

/** What a refused value was, in words that hold nothing of it. */
export function conditionOf(error: unknown): string {
  const { code = '', column, constraint } = error instanceof DatabaseError ? error : {};
  const where =
    column !== undefined ? `, column ${column}` : constraint !== undefined ? `, constraint ${constraint}` : '';
  return `${conditions[code] ?? 'a value it cannot hold'} (SQLSTATE ${code}${where})`;
}

/**
 * The server's error in our words. Its `message` and `detail` quote row values (`invalid input syntax for type integer:
 * "…"`, `Key (email)=(…)`), so neither goes on, save for what cannot concern a row: connecting, privileges, names.
 */
export function translate(error: unknown, what: string): unknown {
  if (!(error instanceof DatabaseError)) return error;
  const code = `SQLSTATE ${error.code ?? 'unknown'}`;
  switch (reactionTo(error)) {
    case 'again':
      return new Unavailable(`${what}: ${busy(error.code)} (${code}). It is tried again.`);
    case 'configuration':
      return new InvalidConfig(`${what}: ${error.message} (${code}). Correct the role, its privileges or the URL.`);
    case 'depended':
      return new InvalidConfig(
        `${what}: ${error.message} (${code}). Remove what was built upon it, then order this again.`,
      );
    case 'gone':
      return new Unavailable(`${what}: a table or schema is not there, or no longer (${code}). It is tried again.`);
    case 'refused':
      return new Error(`${what}: PostgreSQL refused ${conditionOf(error)}.`);
    case 'statement':
      return new Error(`${what}: ${error.message} (${code}).`);
    default:
      return new Error(`${what}: an unexpected error of PostgreSQL (${code}).`);
  }
}

function busy(code = ''): string {
  if (code === '55P03') return 'someone else holds a lock that is needed';
  if (code === '57014') return 'the statement took too long and was cancelled';
  if (code.startsWith('28')) return 'the server refuses user or password: correct the URL and start the worker again';
  if (code.startsWith('40')) return 'another transaction was in the way';
  if (code.startsWith('53')) return 'the server is out of connections, memory or disk';
  return 'the server is shutting down, starting, or not to be written to';
}
