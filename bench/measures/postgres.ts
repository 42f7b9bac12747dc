import { withClient } from '../../examples/shop/database';
import { alternate, compared } from '../alternate';
import { openBacklog, type Backlog } from '../backlog';
import type { Bench, Measure, Result } from '../measure';
import { replicaSchema } from '../pipeline';
import { openRunner } from '../runner';
import { checkpoint } from '../source';
import { assertEqual, readTable } from '../truth';
import type { FollowSpec } from '../variants/follow';
import type { RawPostgresSpec } from '../variants/raw-postgres';

const defaultChanges = 150_000;
const rawSchema = 'raw';

export const postgres: Measure = {
  name: 'postgres',
  question: 'How fast does one lane bring a backlog of the log into a PostgreSQL store?',
  parts: ['postgres', 'kafka'],
  async run(bench) {
    const { parallel } = bench.options;
    const backlog = over(await openBacklog(bench, defaultChanges), parallel);
    const ours = openRunner('follow', bench.options);
    const raw = openRunner('rawPostgres', bench.options);
    try {
      const sides = {
        ours: { run: (at: number) => runOurs(bench, backlog, { runner: ours, at }) },
        raw: { run: (at: number) => runRaw(bench, backlog, { runner: raw, at, connections: parallel ?? 1 }) },
      };
      const results = await alternate(sides, bench.options.runs, bench.say);
      return [summary(backlog, parallel, results)];
    } finally {
      await Promise.all([ours.close(), raw.close()]);
      await backlog.close();
    }
  },
};

type Run = { readonly runner: ReturnType<typeof openRunner>; readonly at: number };

async function runOurs({ addresses }: Bench, backlog: Backlog, { runner, at }: Run) {
  const { place, log, changes, sourceUrl, replicaUrl } = backlog;
  const number = at + 2; // the warm-up builds generation 1
  await checkpoint(addresses.postgres);
  const reading = await runner.run({ place, log, store: 'replica', number, changes } satisfies FollowSpec);
  const schema = `${replicaSchema}_g${number}`;
  assertEqual('The replica', await readTable(sourceUrl, 'items'), await readTable(replicaUrl, `${schema}.items`));
  // The first generation stays: its table is what the raw side's tables are made like.
  if (number > 1) await withClient(replicaUrl, (client) => client.query(`drop schema ${schema} cascade`));
  return reading;
}

async function runRaw(
  { addresses }: Bench,
  backlog: Backlog,
  { runner, at, connections }: Run & { connections: number },
) {
  const { place, log, changes, sourceUrl, replicaUrl } = backlog;
  const relation = `${rawSchema}.items_${at + 1}`;
  const columns = await withClient(replicaUrl, async (client) => {
    await client.query(`create schema if not exists ${rawSchema}`);
    await client.query(`create table ${relation} (like ${replicaSchema}_g1.items including all)`);
    const { rows } = await client.query<{ name: string; type: string }>(
      `select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
       where attrelid = $1::regclass and attnum > 0 order by attnum`,
      [relation],
    );
    return rows;
  });
  await checkpoint(addresses.postgres);
  const reading = await runner.run({ place, log, relation, columns, connections, changes } satisfies RawPostgresSpec);
  assertEqual('The raw table', await readTable(sourceUrl, 'items'), await readTable(replicaUrl, relation));
  await withClient(replicaUrl, (client) => client.query(`drop table ${relation}`));
  return reading;
}

/** The same log, followed by a replica that writes over so many connections. */
function over(backlog: Backlog, parallel: number | null): Backlog {
  const { pipeline, ...place } = backlog.place;
  const { replica } = pipeline.stores;
  if (parallel === null || replica?.type !== 'postgres') return backlog;
  return { ...backlog, place: { ...place, pipeline: { ...pipeline, stores: { replica: { ...replica, parallel } } } } };
}

type Sides = Awaited<ReturnType<typeof alternate<'ours' | 'raw'>>>;

function summary({ workload }: Backlog, parallel: number | null, { ours, raw }: Sides): Result {
  const connections = parallel === null ? 'one connection' : `${parallel} connections, each document over one of them`;
  return {
    ...compared(ours, raw),
    measure: 'postgres',
    case: parallel === null ? 'one lane' : `one lane over ${parallel} connections`,
    unit: 'changes/s',
    rawIs: `\`insert … select from unnest … on conflict do update\`, 1,000 rows a statement, ${connections}`,
    details: {},
    workload,
    compared: 'every column of every row of both sides with the source, by digest, after each run',
  };
}
