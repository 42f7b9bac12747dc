import type { Client } from 'pg';
import { withClient } from '../../examples/shop/database';
import { coalesce, type Mutation } from '../../model/mutation';
import { shareOf } from '../../stores/postgres/parallel';
import { readMutations } from '../lane';
import type { Log, Place } from '../log';
import type { Meter } from '../meter';

export interface RawPostgresSpec {
  readonly place: Place;
  readonly log: Log;
  /** Quoted and qualified: an empty table of the store's own layout. */
  readonly relation: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** Each document over one of them, or two versions of a row could meet, and statements wait for each other's locks. */
  readonly connections: number;
  readonly changes: number;
}

const rowsPerStatement = 1_000;

/** The same rows by the same client: a thousand a statement, an array per column, nothing else. */
export async function rawPostgres(spec: RawPostgresSpec, meter: Meter): Promise<number> {
  const { place, log, relation, columns, connections, changes } = spec;
  const cuts = await readMutations(place, { log, store: 'replica', size: rowsPerStatement });
  const shares = connections === 1 ? [cuts] : sharesOf(cuts.flat(), connections);
  const text = upsert(relation, columns);
  await withClients(place.environment.BENCH_REPLICA_URL, connections, async (clients) => {
    const write = async (client: Client, own: readonly (readonly Mutation[])[] = []) => {
      for (const cut of own) await client.query({ name: relation, text, values: arrays(columns, cut) });
    };
    meter.start();
    await Promise.all(clients.map((client, at) => write(client, shares[at])));
    meter.stop();
  });
  return changes;
}

async function withClients(
  url: string,
  count: number,
  work: (clients: readonly Client[]) => Promise<void>,
  opened: readonly Client[] = [],
): Promise<void> {
  if (opened.length === count) return work(opened);
  await withClient(url, (client) => withClients(url, count, work, [...opened, client]));
}

/** Per connection what it writes, in the order of the log and cut alike. */
function sharesOf(all: readonly Mutation[], connections: number): (readonly Mutation[])[][] {
  const shares: Mutation[][] = Array.from({ length: connections }, () => []);
  for (const mutation of all) shares[shareOf(mutation.id, connections)]?.push(mutation);
  return shares.map((own) => {
    const cuts: (readonly Mutation[])[] = [];
    for (let at = 0; at < own.length; at += rowsPerStatement) cuts.push(coalesce(own.slice(at, at + rowsPerStatement)));
    return cuts;
  });
}

function arrays(columns: RawPostgresSpec['columns'], cut: readonly Mutation[]): unknown[][] {
  return columns.map(({ name }) => cut.map(({ document }) => document?.[name] ?? null));
}

/** As the lane writes it: arrays unnested in the FROM clause would take the server a fifth longer. */
function upsert(relation: string, columns: RawPostgresSpec['columns']): string {
  const names = columns.map(({ name }) => name);
  const values = columns.map(({ type }, at) => `unnest($${at + 1}::${type}[])`);
  const others = names.filter((name) => name !== 'id').map((name) => `${name} = excluded.${name}`);
  return `insert into ${relation} (${names.join(', ')}) select ${values.join(', ')}
on conflict (id) do update set ${others.join(', ')}`;
}
