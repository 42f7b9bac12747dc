import { withClient } from '../../examples/shop/database';
import type { Mutation } from '../../model/mutation';
import { readMutations } from '../lane';
import type { Log, Place } from '../log';
import type { Meter } from '../meter';

export interface RawPostgresSpec {
  readonly place: Place;
  readonly log: Log;
  /** Quoted and qualified: an empty table of the store's own layout. */
  readonly relation: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly changes: number;
}

const rowsPerStatement = 1_000;

/** The same rows by the same client over one connection: a thousand a statement, an array per column, nothing else. */
export async function rawPostgres(spec: RawPostgresSpec, meter: Meter): Promise<number> {
  const { place, log, relation, columns, changes } = spec;
  const cuts = await readMutations(place, { log, store: 'replica', size: rowsPerStatement });
  const text = upsert(relation, columns);
  await withClient(place.environment.BENCH_REPLICA_URL, async (client) => {
    meter.start();
    for (const cut of cuts) await client.query({ name: relation, text, values: arrays(columns, cut) });
    meter.stop();
  });
  return changes;
}

function arrays(columns: RawPostgresSpec['columns'], cut: readonly Mutation[]): unknown[][] {
  return columns.map(({ name }) => cut.map(({ document }) => document?.[name] ?? null));
}

function upsert(relation: string, columns: RawPostgresSpec['columns']): string {
  const names = columns.map(({ name }) => name);
  const parameters = columns.map(({ type }, at) => `$${at + 1}::${type}[]`);
  const others = names.filter((name) => name !== 'id').map((name) => `${name} = excluded.${name}`);
  return `insert into ${relation} (${names.join(', ')}) select * from unnest(${parameters.join(', ')})
on conflict (id) do update set ${others.join(', ')}`;
}
