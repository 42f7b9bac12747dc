import type { Database } from './database';

/**
 * Four tables that hold what a capture can get wrong: a composite key, a key of another type than number, columns that
 * TOAST (external storage: no compression, so 3 kB leave the row), an enum, arrays, JSON, micro-seconds, exact numbers.
 *
 * `revision` comes from one sequence in a trigger that runs once the row is locked, so for every key it only grows: a
 * store that accepts a lower one after a higher one has gone back in time. The sum of all balances is constant.
 */
export const workloadTables = ['accounts', 'vaults', 'documents', 'entries'] as const;
export type WorkloadTable = (typeof workloadTables)[number];

/** Key columns, in key order. */
export const workloadKeys: Readonly<Record<WorkloadTable, readonly string[]>> = {
  accounts: ['id'],
  vaults: ['region', 'number'],
  documents: ['id'],
  entries: ['id'],
};

/** Regions hold what ids have to escape. */
export const regions = ['north', 'so/uth', 'e%2Fast', 'wést'] as const;

/** Searched for in histories: it is in the text of every row that has text, so one hit means that a row leaked. */
export const canary = 'CANARY-7f3a';

const schema = `
create sequence revisions;
create sequence entry_ids;
create type entry_kind as enum ('debit', 'credit', 'fee');
create table accounts (
  id bigint primary key, owner text not null, balance bigint not null, revision bigint not null
);
create table vaults (
  region text, number int, label text, balance bigint not null, revision bigint not null,
  primary key (region, number)
);
create table documents (
  id uuid primary key, title text not null, body text, tags text[], data jsonb, rating numeric(12,2),
  published_at timestamptz, active boolean not null, revision bigint not null
);
alter table documents alter column body set storage external;
create table entries (
  id bigint primary key, account bigint, amount bigint not null, kind entry_kind, note text, revision bigint not null
);

create function next_revision() returns trigger language plpgsql as $$
begin new.revision := nextval('revisions'); return new; end $$;

-- The ledger: what was really committed, written in the same transaction and by nothing of ours.
create table ledger (entry bigserial, relation text, operation text, revision bigint);
create function write_ledger() returns trigger language plpgsql as $$
declare key_before text; key_after text;
begin
  if tg_op = 'INSERT' then
    insert into ledger (relation, operation, revision) values (tg_table_name, 'c', new.revision);
  elsif tg_op = 'DELETE' then
    insert into ledger (relation, operation, revision) values (tg_table_name, 'd', old.revision);
  else
    if tg_table_name = 'vaults' then
      key_before := old.region || '|' || old.number; key_after := new.region || '|' || new.number;
    else
      key_before := old.id::text; key_after := new.id::text;
    end if;
    if key_before = key_after then
      insert into ledger (relation, operation, revision) values (tg_table_name, 'u', new.revision);
    else
      insert into ledger (relation, operation, revision)
      values (tg_table_name, 'd', old.revision), (tg_table_name, 'c', new.revision);
    end if;
  end if;
  return null;
end $$;
`;

export interface Sizes {
  readonly accounts: number;
  readonly vaults: number;
  readonly documents: number;
  readonly entries: number;
}

export const smallSizes: Sizes = { accounts: 200, vaults: 100, documents: 200, entries: 500 };

const startingBalance = 1000;

/** What every reader must see at every moment. */
export function totalBalance(sizes: Sizes): string {
  return String((sizes.accounts + sizes.vaults) * startingBalance);
}

/** Creates the tables, their triggers and the first rows. The ledger begins empty, after them. */
export async function createWorkloadSchema(source: Database, sizes: Sizes): Promise<void> {
  await source.query(schema);
  for (const table of workloadTables) {
    await source.query(
      `create trigger revise before insert or update on ${table} for each row execute function next_revision()`,
    );
  }
  await source.query(
    `
    insert into accounts select n, 'owner ' || n || ' ${canary}', ${startingBalance} from generate_series(1, $1::int) n`,
    [sizes.accounts],
  );
  await source.query(
    `insert into vaults select ($2::text[])[1 + n % 4], n, 'vault ' || n || ' ${canary}', ${startingBalance}
     from generate_series(1, $1::int) n`,
    [sizes.vaults, [...regions]],
  );
  await source.query(
    `insert into documents
     select md5('document ' || n)::uuid, 'document ' || n || ' ${canary}', repeat(md5(n::text), 100),
       array['tag ' || n, 'x'], jsonb_build_object('n', n, 'text', '${canary}'), n / 7.0,
       timestamptz '2026-01-02 03:04:05.123456+00' + n * interval '1 minute', n % 3 > 0
     from generate_series(1, $1::int) n`,
    [sizes.documents],
  );
  await source.query(
    `insert into entries
     select nextval('entry_ids'), 1 + n % 50, n, (array['debit', 'credit', 'fee'])[1 + n % 3]::entry_kind,
       'entry ' || n || ' ${canary}'
     from generate_series(1, $1::int) n`,
    [sizes.entries],
  );
  for (const table of workloadTables) {
    await source.query(
      `create trigger write_ledger after insert or update or delete on ${table}
       for each row execute function write_ledger()`,
    );
  }
}
