import type { Client } from 'pg';
import { InvalidConfig } from '../../model/errors';
import type { CapturedTable } from './catalogue';

/** Wait this long for writers of a table to step aside, then let them go on and try again later. */
const lockTimeoutMs = 5_000;

/**
 * Makes every captured table log whole old rows: without them an update that leaves a long value untouched reaches us
 * without that value. The statement takes the table's strongest lock for a moment. Must come before the slot is made:
 * a change logged before it may be one that cannot be completed.
 */
export async function ensureReplicaIdentity(client: Client, tables: readonly CapturedTable[]): Promise<void> {
  const statements = tables.flatMap(({ notFull }) =>
    notFull.map((table) => `alter table ${table} replica identity full`),
  );
  const refused: string[] = [];
  await client.query(`set lock_timeout = ${lockTimeoutMs}`);
  try {
    for (const statement of statements) {
      try {
        await client.query(statement);
      } catch (error) {
        if (!isPrivilegeError(error)) throw error;
        refused.push(statement);
      }
    }
  } finally {
    await client.query('set lock_timeout = 0').catch(() => undefined); // a broken connection has nothing to reset
  }
  if (refused.length > 0) {
    throw new InvalidConfig(
      `Captured tables must log whole rows, and this user does not own them. Run as their owner:\n${refused
        .map((statement) => `  ${statement};`)
        .join('\n')}`,
    );
  }
}

function isPrivilegeError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '42501';
}
