import { performance } from 'node:perf_hooks';
import type { Client } from 'pg';
import { withClient } from '../examples/shop/database';
import { percentile } from './statistics';

/** Writers side by side, each with the next transaction as soon as the last is answered. */
const connections = 4;
const branches = 10;
const accountsPerBranch = 10_000;

/** The tables of TPC-B, as pgbench has them; the history has a key, since tables without one cannot be captured. */
const schema = `
create table branches (bid int primary key, bbalance int not null, filler char(88));
create table tellers (tid int primary key, bid int not null, tbalance int not null, filler char(84));
create table accounts (aid int primary key, bid int not null, abalance int not null, filler char(84));
create table history (id bigserial primary key, tid int, bid int, aid int, delta int, at timestamptz, filler char(22));
create table archive (id int primary key, note text not null);
insert into branches select n, 0, '' from generate_series(1, ${branches}) n;
insert into tellers select n, (n - 1) / 10 + 1, 0, '' from generate_series(1, ${branches * 10}) n;
insert into accounts select n, (n - 1) / ${accountsPerBranch} + 1, 0, '' from generate_series(1, ${branches * accountsPerBranch}) n;
`;

export const capturedTables = ['branches', 'tellers', 'accounts', 'history', 'archive'].map((name) => `public.${name}`);

/** `archiveRows`: of a table that nobody writes to, and that is copied meanwhile. */
export async function createBank(url: string, archiveRows: number): Promise<void> {
  await withClient(url, async (client) => {
    await client.query(schema);
    await client.query(
      `insert into archive select n, 'row ' || n || ' of a table, ' || md5(n::text) from generate_series(1, $1) n`,
      [archiveRows],
    );
    await client.query('vacuum analyze');
    await client.query('checkpoint');
  });
}

export interface LoadReading {
  readonly transactionsPerSecond: number;
  readonly p99Ms: number;
}

/** Before a reading counts: connections, plans and pages that the checkpoint has cleaned are found again. */
export const warmSeconds = 3;

/** TPC-B's transaction for so long, behind `warmSeconds` of the same that do not count, from a few connections at once. */
export async function runLoad(url: string, seconds: number): Promise<LoadReading> {
  const from = performance.now() + warmSeconds * 1_000;
  const until = from + seconds * 1_000;
  const took: number[] = [];
  const writer = () =>
    withClient(url, async (client) => {
      while (performance.now() < until) {
        const began = performance.now();
        await transfer(client);
        if (began >= from) took.push(performance.now() - began);
      }
    });
  await Promise.all(Array.from({ length: connections }, writer));
  return { transactionsPerSecond: took.length / seconds, p99Ms: percentile(took, 0.99) };
}

/** What the runs before have left for others to find: each begins with the same pages, and nobody's autovacuum within it. */
export async function tidyBank(url: string): Promise<void> {
  await withClient(url, async (client) => {
    await client.query('vacuum branches, tellers, accounts, history');
    await client.query('checkpoint');
  });
}

const draw = (below: number) => 1 + Math.floor(Math.random() * below);

async function transfer(client: Client): Promise<void> {
  const [aid, tid, bid] = [draw(branches * accountsPerBranch), draw(branches * 10), draw(branches)];
  const delta = draw(10_000) - 5_000;
  await client.query('begin');
  await client.query('update accounts set abalance = abalance + $1 where aid = $2', [delta, aid]);
  await client.query('select abalance from accounts where aid = $1', [aid]);
  await client.query('update tellers set tbalance = tbalance + $1 where tid = $2', [delta, tid]);
  await client.query('update branches set bbalance = bbalance + $1 where bid = $2', [delta, bid]);
  await client.query('insert into history (tid, bid, aid, delta, at) values ($1, $2, $3, $4, now())', [
    tid,
    bid,
    aid,
    delta,
  ]);
  await client.query('commit');
}
