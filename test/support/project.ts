import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Stack } from '../../stack';

/** The project's folder, from sources and from dist alike. */
export const projectFolder = findUp(__dirname);

function findUp(folder: string): string {
  return existsSync(join(folder, 'package-lock.json')) ? folder : findUp(dirname(folder));
}

/** Compiled programs that tests start as processes of their own. */
export function compiled(path: string): string {
  const file = join(projectFolder, 'dist', path);
  if (!existsSync(file)) throw new Error(`${file} is not there: run "npm run build" first.`);
  return file;
}

/** The stack that `npm test` or `npm run faults` opened, for tests that stop and restart its servers. */
export function attachedStack(): Stack {
  const directory = process.env['SLIPSTREAM_TEST_STACK'];
  if (!directory) {
    throw new Error(
      'SLIPSTREAM_TEST_STACK is not set: this needs servers that may be stopped. Use "npm test -- live".',
    );
  }
  // stack/ is plain JavaScript beside dist/, so that it runs before anything is compiled.
  const { attachStack } = createRequire(join(projectFolder, 'package.json'))('./stack') as {
    attachStack: (directory: string) => Stack;
  };
  return attachStack(directory);
}

export interface TestAddresses {
  /** Superuser on an administrative database. */
  readonly postgres: string;
  readonly kafka: string;
  readonly elasticsearch: string;
  readonly redis: string;
  readonly temporal: string;
}

const variables: Readonly<Record<keyof TestAddresses, readonly [string, string]>> = {
  postgres: ['SLIPSTREAM_TEST_POSTGRES', 'SLIPSTREAM_POSTGRES_URL'],
  kafka: ['SLIPSTREAM_TEST_KAFKA', 'KAFKA_BROKERS'],
  elasticsearch: ['SLIPSTREAM_TEST_ELASTICSEARCH', 'SLIPSTREAM_ELASTICSEARCH_URL'],
  redis: ['SLIPSTREAM_TEST_REDIS', 'SLIPSTREAM_REDIS_URL'],
  temporal: ['SLIPSTREAM_TEST_TEMPORAL', 'TEMPORAL_ADDRESS'],
};

export function testAddress(part: keyof TestAddresses): string {
  const [first, second] = variables[part];
  const address = process.env[first] ?? process.env[second];
  if (!address) throw new Error(`${first} is not set: run "npm test -- live", which starts the servers and sets it.`);
  return address;
}
