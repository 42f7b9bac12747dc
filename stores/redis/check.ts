import { InvalidConfig } from '../../model/errors';
import { finding, type Finding, type PartReport } from '../../model/finding';
import type { FindingCode } from '../../model/finding-codes';
import { addressOf } from '../../model/judge-login';
import type { DefinitionOf, StoreCheck } from '../check';
import { refusedBy } from './answers';
import { connect, type Connection } from './client';
import { readServer, type ServerFacts } from './facts';
import { describePersistence, judgeServer } from './judge';
import { keyPrefix, namesOf } from './names';

type Check = StoreCheck<DefinitionOf<'redis'>>;

/** `connectTo`: replaced by tests, to answer as servers do that are not at hand. */
export async function checkRedis(
  check: Check,
  signal: AbortSignal,
  connectTo: (url: string) => Connection = connect,
): Promise<PartReport> {
  const part = `stores.${check.store}`;
  let connection: Connection;
  try {
    connection = connectTo(check.url);
  } catch (error) {
    return { part, facts: [], findings: [unlikeUrl(error, check)] };
  }
  try {
    const key = keyPrefix(check);
    const facts = await readServer(connection, { names: namesOf(key), signal });
    return { part, facts: describe(facts, key), findings: judgeServer(facts, { ...check, key }) };
  } catch (error) {
    signal.throwIfAborted();
    return { part, facts: [], findings: [unanswered(error, check)] };
  } finally {
    await connection.close();
  }
}

function unlikeUrl(error: unknown, { definition }: Check): Finding {
  const variable = definition.url.env;
  const what = error instanceof InvalidConfig ? error.message : 'its value is not a URL.';
  return finding('store-url', { where: variable, what, cure: `Set ${variable} to redis://user:password@host:port/0` });
}

const login: ReadonlySet<string> = new Set(['NOAUTH', 'WRONGPASS']);

function unanswered(error: unknown, { definition, url }: Check): Finding {
  const variable = definition.url.env;
  const where = `${variable} (${addressOf(url)})`;
  const what = error instanceof Error ? error.message : String(error);
  const found = (code: FindingCode, cure: string) => finding(code, { where, what, cure });
  const kind = refusedBy(error);
  if (kind !== null && login.has(kind)) return found('store-login', `Correct user and password in ${variable}.`);
  if (kind === 'NOPERM') return found('store-privilege', 'Give the user what docs/redis.md lists.');
  if (error instanceof InvalidConfig) return found('store-kind', `Correct ${variable}.`);
  return found('store-unreachable', `Start the server, or correct host and port in ${variable}.`);
}

function describe(facts: ServerFacts, key: string): string[] {
  const { version, maxMemory, evictionPolicy, generations } = facts;
  const limit = maxMemory === 0 ? 'no limit of memory' : `${Math.round(maxMemory / (1 << 20))} MiB of memory`;
  return [
    `Redis ${version ?? 'of unknown version'}, ${limit}, ${evictionPolicy}`,
    describePersistence(facts),
    `keys {${key}}:…: ${generations.length === 0 ? 'to be made, no generation yet' : `${generations.length} generation(s)`}`,
  ];
}
