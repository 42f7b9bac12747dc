import { databaseUrl, withClient } from '../examples/shop/database';

/** The one table of all measures. About 150 bytes a row, 450 to 700 as a record of the log. */
export const table = 'public.items';

const schema = `
create table items (
  id bigint primary key,
  customer bigint not null,
  status text not null,
  quantity integer not null,
  amount numeric(12, 2) not null,
  active boolean not null,
  note text not null,
  updated_at timestamptz not null
);
-- Set here and not by capture, so that the WAL of a backlog is complete from its first record on.
alter table items replica identity full;

-- Three inserts to two updates of rows written before: change k of a seed is the same on every machine.
create procedure write_items(changes bigint, per_transaction bigint, seed bigint) language plpgsql as $$
declare
  statuses constant text[] := array['placed', 'paid', 'shipped', 'delivered', 'returned'];
  draw bigint;
  target bigint;
begin
  for k in 0 .. changes - 1 loop
    draw := hashint8extended(k, seed) & 9007199254740991;
    if k < 5 or k % 5 < 3 then
      insert into items values (k, draw % 10000, statuses[1 + draw % 5], draw % 100, (draw % 1000000) / 100.0,
        draw % 3 > 0, 'change ' || k || ' of a backlog, ' || md5(draw::text), clock_timestamp());
    else
      target := (draw % (k / 5)) * 5 + (draw >> 8) % 3;
      update items set status = statuses[1 + draw % 5], quantity = draw % 100, amount = (draw % 1000000) / 100.0,
        updated_at = clock_timestamp() where id = target;
    end if;
    if (k + 1) % per_transaction = 0 then commit; end if;
  end loop;
  commit;
end $$;

-- A hundred rows, written again and again.
create procedure write_hot_items(changes bigint, per_transaction bigint, seed bigint) language plpgsql as $$
begin
  for k in 0 .. changes - 1 loop
    if k < 100 then
      insert into items values (k, k, 'placed', 0, 0, true, 'row ' || k || ', written again and again', clock_timestamp());
    else
      update items set quantity = k % 1000, amount = (k % 1000000) / 100.0, updated_at = clock_timestamp()
        where id = (hashint8extended(k, seed) & 9007199254740991) % 100;
    end if;
    if (k + 1) % per_transaction = 0 then commit; end if;
  end loop;
  commit;
end $$;

-- Rows that were there before: what the copy reads.
create procedure fill_items(rows bigint, seed bigint) language sql as $$
  insert into items select k, k % 10000, 'placed', k % 100, (k % 1000000) / 100.0, k % 3 > 0,
    'row ' || k || ' of a table, ' || md5((k + seed)::text), clock_timestamp() from generate_series(0, rows - 1) k
$$;`;

/** Mostly new rows, or a hundred rows that change all the time. */
export type BacklogKind = 'items' | 'hot-keys';

/** Creates a database with the empty table. Returns its URL. */
export async function createSource(serverUrl: string, name: string): Promise<string> {
  const url = await createDatabase(serverUrl, name);
  await withClient(url, (client) => client.query(schema));
  return url;
}

export async function createDatabase(serverUrl: string, name: string): Promise<string> {
  await withClient(serverUrl, (client) => client.query(`create database "${name}"`));
  return databaseUrl(serverUrl, name);
}

/** Drops what `createSource` and `createDatabase` made, with the slots, which would keep WAL for ever. */
export async function dropDatabase(serverUrl: string, url: string): Promise<void> {
  const name = new URL(url).pathname.slice(1);
  await withClient(serverUrl, async (client) => {
    await client.query(
      `select pg_terminate_backend(active_pid, 5000) from pg_replication_slots where database = $1 and active`,
      [name],
    );
    await client.query(`select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = $1`, [
      name,
    ]);
    await client.query(`drop database if exists "${name}" with (force)`);
  });
}

/** Writes the backlog: `changes` row changes, so many to a transaction. */
export async function writeBacklog(
  url: string,
  input: { changes: number; perTransaction: number; seed: number; kind?: BacklogKind },
): Promise<void> {
  await withClient(url, async (client) => {
    // What is measured is how the WAL is read, not how fast this disk makes it.
    await client.query('set synchronous_commit = off');
    const { changes, perTransaction, seed, kind = 'items' } = input;
    const procedure = kind === 'items' ? 'write_items' : 'write_hot_items';
    await client.query(`call ${procedure}(${changes}, ${perTransaction}, ${seed})`);
    await client.query('checkpoint');
  });
}

export async function fillTable(url: string, { rows, seed }: { rows: number; seed: number }): Promise<void> {
  await withClient(url, async (client) => {
    await client.query(`call fill_items(${rows}, ${seed})`);
    await client.query('vacuum analyze items');
    await client.query('checkpoint');
  });
}

/** So that what an earlier run has left in memory is not written to disk within the next one. */
export async function checkpoint(serverUrl: string): Promise<void> {
  await withClient(serverUrl, (client) => client.query('checkpoint'));
}
