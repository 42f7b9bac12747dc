import { DatabaseError } from 'pg';
import { InvalidConfig } from '../../model/errors';
import { finding, type Finding, type PartReport } from '../../model/finding';
import { judgeClock } from '../../model/judge-clock';
import { addressOf, judgeLogin, judgePostgresUrl } from '../../model/judge-login';
import { allDocuments } from '../../model/mapping';
import type { DefinitionOf, StoreCheck } from '../check';
import { connectTo, type Connection } from './connection';
import { readStore, type StoreFacts } from './facts';
import { indexProblems } from './indexes';
import { judgeStore } from './judge';

const codes = { url: 'store-url', login: 'store-login', unreachable: 'store-unreachable' } as const;

export async function checkPostgres(
  { pipeline, store, definition, url, tables }: StoreCheck<DefinitionOf<'postgres'>>,
  signal: AbortSignal,
): Promise<PartReport> {
  const part = `stores.${store}`;
  const variable = definition.url.env;
  const unlike = judgePostgresUrl(url, variable, codes.url);
  if (unlike !== null) return { part, facts: [], findings: [unlike] };
  let connection: Connection;
  try {
    connection = await connectTo({ url, applicationName: `slipstream check ${pipeline}/${store}`.slice(0, 63) });
  } catch (error) {
    return { part, facts: [], findings: [refusedLogin(error, variable, url)] };
  }
  const cut = () => connection.destroy();
  signal.addEventListener('abort', cut, { once: true });
  try {
    const { schema } = definition;
    const targets = allDocuments(definition).map(({ target }) => target);
    const facts = await readStore(connection, { schema, targets });
    const askedAt = Date.now();
    const { rows } = await connection.query({ text: 'select extract(epoch from clock_timestamp()) * 1000 as ms' });
    const clock = { server: `store ${store}`, serverMs: Number(rows[0]?.['ms']), askedAt, answeredAt: Date.now() };
    const catalogue = await tables;
    const findings = [
      ...judgeStore(facts, { pipeline, store, schema }),
      ...judgeClock(clock),
      ...(catalogue ? indexProblems(store, definition, catalogue) : []),
    ];
    return { part, facts: describeFacts(facts, schema), findings };
  } finally {
    signal.removeEventListener('abort', cut);
    await connection.end();
  }
}

function refusedLogin(error: unknown, variable: string, url: string): Finding {
  const address = addressOf(url);
  if (error instanceof InvalidConfig) {
    const cure = `Write it into ${variable}.`;
    return finding('store-login', { where: `${variable} (${address})`, what: error.message, cure });
  }
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof DatabaseError ? (error.code ?? '') : '';
  return judgeLogin({ code, message }, { variable, address, codes });
}

function describeFacts({ version, database, role, schema, generations }: StoreFacts, name: string): string[] {
  const built = generations.length === 0 ? 'no generation yet' : `${generations.length} generation(s)`;
  return [
    `PostgreSQL ${version}, database ${database}, role ${role}`,
    `schema ${name}: ${schema === null ? 'to be made' : 'there'}, ${built}`,
  ];
}
