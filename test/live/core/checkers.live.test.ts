import { createDatabase, type Database } from '../../support/database';
import { compareIndex, compareReplica, documentIdOf, expectedRows } from '../../support/ground-truth';
import { describeDifferences } from '../../support/differences';
import { ask } from '../../support/index-contents';
import { replicaExpectations, searchExpectations } from '../../support/expectations';
import { testAddress } from '../../support/project';
import { announceSeed } from '../../support/random';
import { readLedger } from '../../support/ledger';
import { recordReplica, replicaVersions } from '../../support/replica-recorder';
import { openRecordingProxy } from '../../support/recording-proxy';
import { runWorkload } from '../../support/workload';
import { createWorkloadSchema, smallSizes, totalBalance } from '../../support/workload-schema';

/** The judges of the other tests, judged: each must find what is put in by hand, with no Slipstream in sight. */
const name = `checkers${Date.now().toString(36)}`;
const elasticsearch = testAddress('elasticsearch');
let source: Database;
let replica: Database;

beforeAll(async () => {
  source = await createDatabase(testAddress('postgres'), `${name}_source`);
  replica = await createDatabase(testAddress('postgres'), `${name}_replica`);
  await createWorkloadSchema(source, smallSizes);
});

afterAll(() => Promise.all([source.close(), replica.close()]));

/** The stores as a perfect pipeline would leave them. */
async function copyByHand(): Promise<void> {
  await replica.query(`drop schema if exists ${name} cascade; create schema ${name}`);
  for (const expectation of replicaExpectations) {
    const rows = [...(await expectedRows(source, expectation)).values()];
    const columns = Object.keys(expectation.columns);
    await replica.query(`create table ${name}.${expectation.target} (${columns.map((c) => `"${c}" text`).join(', ')})`);
    await replica.query(
      `insert into ${name}.${expectation.target} select ${columns.map((c) => `r->>'${c}'`).join(', ')}
       from jsonb_array_elements($1::jsonb) r`,
      [JSON.stringify(rows)],
    );
  }
  await fetch(`${elasticsearch}/${name}`, { method: 'DELETE' });
  await ask(elasticsearch, `/${name}`, { method: 'PUT', body: { mappings: { dynamic: false } } });
  const lines: unknown[] = [];
  for (const expectation of searchExpectations) {
    for (const row of (await expectedRows(source, expectation)).values()) {
      lines.push({ index: { _id: documentIdOf(expectation, row) } }, row);
    }
  }
  await bulk(elasticsearch, name, lines);
}

async function bulk(url: string, index: string, lines: readonly unknown[]): Promise<void> {
  const answer = await fetch(`${url}/${index}/_bulk`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body: lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
  });
  await answer.text();
}

it('the workload keeps its books: balances, ledger and revisions agree', async () => {
  const seed = announceSeed('workload');
  const result = await runWorkload({ source, seed, changes: 4000, largest: 1000, writers: 3 });
  expect(result.changes).toBeGreaterThanOrEqual(4000);
  expect(result.rolledBack).toBeGreaterThan(0);
  expect(result.largest).toBeGreaterThanOrEqual(1000);
  const total = `select (select sum(balance) from accounts) + (select sum(balance) from vaults)`;
  expect(await source.value(total)).toBe(totalBalance(smallSizes));
  const ledger = await readLedger(source);
  expect(ledger.length).toBe(result.changes);
  expect(new Set(ledger.map(({ operation }) => operation))).toEqual(new Set(['c', 'u', 'd']));
});

it('the comparison of the replica finds a row too few, one too many and a changed value', async () => {
  await copyByHand();
  const compare = () => compareReplica({ source, replica, schema: name });
  expect(describeDifferences(await compare())).toMatch(/^0 differences/);
  await replica.query(`delete from ${name}.accounts where id = '7'`);
  await replica.query(`insert into ${name}.entries (id) values ('-99')`);
  await replica.query(
    `update ${name}.documents set body = body || ' ' where id = (select min(id) from ${name}.documents)`,
  );
  const kinds = (await compare()).map(({ target, kind }) => `${target}: ${kind}`);
  expect(kinds).toEqual(['accounts: missing in the store', 'documents: different', 'entries: only in the store']);
});

it('the comparison of the index finds the same', async () => {
  const compare = () => compareIndex({ source, elasticsearch, alias: name });
  expect(describeDifferences(await compare())).toMatch(/^0 differences/);
  await ask(elasticsearch, `/${name}/_doc/accounts%2F7`, { method: 'DELETE' });
  await ask(elasticsearch, `/${name}/_doc/accounts%2F-5`, { method: 'PUT', body: {} });
  await ask(elasticsearch, `/${name}/_doc/foreign`, { method: 'PUT', body: {} });
  const account = { ...((await ask(elasticsearch, `/${name}/_doc/accounts%2F8`)) as { _source: object })._source };
  await ask(elasticsearch, `/${name}/_doc/accounts%2F8`, { method: 'PUT', body: { ...account, balance: 'x' } });
  const kinds = (await compare()).map(({ key, kind }) => `${key}: ${kind}`);
  expect(kinds.sort()).toEqual([
    'accounts/-5: only in the store',
    'accounts/7: missing in the store',
    'accounts/8: different',
    'foreign: only in the store',
  ]);
});

it('the recorder in the replica sees every accepted version of tables made later, in order', async () => {
  const database = await createDatabase(testAddress('postgres'), `${name}_recorder`);
  try {
    await recordReplica(database, 'shop');
    await database.query(
      `create schema shop_g1; create table shop_g1.accounts (id bigint primary key, revision bigint)`,
    );
    await database.query(`create table shop_g1._slipstream (lane int)`);
    await database.query(`insert into shop_g1.accounts values (1, 5)`);
    await database.query(`update shop_g1.accounts set revision = 4`);
    await database.query(`delete from shop_g1.accounts; insert into shop_g1._slipstream values (0)`);
    const seen = await replicaVersions(database);
    expect(seen.map(({ generation, key, revision }) => [generation, key, revision])).toEqual([
      ['shop_g1', '1', 5],
      ['shop_g1', '1', 4],
      ['shop_g1', '1', null],
    ]);
  } finally {
    await database.close();
  }
});

it('the proxy before Elasticsearch records what was accepted, and not what was refused', async () => {
  const proxy = await openRecordingProxy(elasticsearch);
  const index = `${name}-proxy`;
  const put = (revision: number, version: number) =>
    bulk(proxy.url, index, [{ index: { _id: 'accounts/1', version, version_type: 'external' } }, { revision }]);
  try {
    await put(5, 2);
    await put(4, 1);
    await put(6, 3);
    expect(proxy.versions().map(({ target, key, revision }) => [target, key, revision])).toEqual([
      ['accounts', '1', 5],
      ['accounts', '1', 6],
    ]);
    expect(proxy.statuses().get(409)).toBe(1);
  } finally {
    await proxy.close();
  }
});
