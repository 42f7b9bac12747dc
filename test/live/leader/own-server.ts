import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Stack, StackRequest } from '../../../stack';
import { projectFolder } from '../../support/project';

type OpenStack = (request: StackRequest) => Promise<Stack>;
const { openStack } = createRequire(join(projectFolder, 'package.json'))('./stack') as { openStack: OpenStack };

/** A PostgreSQL that nobody else writes to: what its slots keep depends on every transaction of the whole server. */
export async function openPostgres(
  postgresSettings: Record<string, string>,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const directory = mkdtempSync(join(tmpdir(), 'slipstream-leader-'));
  chmodSync(directory, 0o755); // as root, PostgreSQL runs under another account
  // Not the server of this run, whose address stands there.
  const env = { ...process.env, SLIPSTREAM_POSTGRES_URL: undefined };
  const stack = await openStack({ directory, parts: ['postgres'], options: { durable: false, postgresSettings }, env });
  return {
    url: stack.addresses.postgres,
    async close() {
      await stack.stop();
      rmSync(directory, { recursive: true });
    },
  };
}
