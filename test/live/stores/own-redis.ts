import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Server, Stack, StackRequest } from '../../../stack';
import { projectFolder } from '../../support/project';

type OpenStack = (request: StackRequest) => Promise<Stack>;
const { openStack } = createRequire(join(projectFolder, 'package.json'))('./stack') as { openStack: OpenStack };

export interface OwnRedis {
  readonly url: string;
  readonly server: Server;
  /** Where its append-only file is. */
  readonly folder: string;
  close(): Promise<void>;
}

/** A Redis that may be killed, frozen and set up wrongly. */
export async function openRedis(redisSettings: Record<string, string> = {}): Promise<OwnRedis> {
  const directory = mkdtempSync(join(tmpdir(), 'slipstream-redis-'));
  chmodSync(directory, 0o755); // a stack may hold servers that run under another account
  // Not the server of this run, whose address stands there.
  const env = { ...process.env, SLIPSTREAM_REDIS_URL: undefined };
  const stack = await openStack({ directory, parts: ['redis'], options: { durable: false, redisSettings }, env });
  return {
    url: stack.addresses.redis,
    server: stack.servers.redis,
    folder: join(directory, 'redis'),
    async close() {
      await stack.stop();
      rmSync(directory, { recursive: true });
    },
  };
}
