import { DatabaseError, type Client } from 'pg';
import type { Random } from './random';
import { canary, regions } from './workload-schema';

/** Ends the transaction without a trace: a row the step needs is gone. As good as a user's rollback. */
export class NothingToDo extends Error {}

/** One piece of a transaction. Returns the row changes it makes; a key change counts twice, as on the log. */
export type Step = (client: Client, random: Random) => Promise<number>;

const rows = async (client: Client, text: string, values: readonly unknown[] = []): Promise<number> =>
  (await client.query(text, [...values])).rowCount ?? 0;

async function some(client: Client, text: string, values: readonly unknown[] = []): Promise<number> {
  const changed = await rows(client, text, values);
  if (changed === 0) throw new NothingToDo();
  return changed;
}

/**
 * Conditions that pick one row by its key. By key and not by ctid: a writer that waited for another one's row must then
 * still find it, or the writers would never really meet. `random()` stands in a subquery of its own, else it is
 * evaluated for every row.
 */
const counted = (table: string, key: string) =>
  `(${key}) = (select ${key} from ${table} order by ${key} limit 1
     offset (select floor(random() * (select count(*) from ${table}))))`;
const oneOf = {
  accounts: counted('accounts', 'id'),
  vaults: counted('vaults', 'region, number'),
  documents: `id = (select id from documents where id >= (select md5(random()::text)::uuid) order by id limit 1)`,
  entries: `id = (select id from entries
    where id >= (select 1 + floor(random() * (select last_value from entry_ids)))::bigint order by id limit 1)`,
} as const;

const purses = ['accounts', 'vaults'] as const;

/** Between two accounts, two vaults, or across: a reader that sees one half sees another sum. */
const transfer: Step = async (client, random) => {
  const amount = random.between(1, 50);
  const [from, to] = [random.pick(purses), random.pick(purses)];
  await some(client, `update ${from} set balance = balance - $1 where ${oneOf[from]}`, [amount]);
  await some(client, `update ${to} set balance = balance + $1 where ${oneOf[to]}`, [amount]);
  return 2;
};

const openAccount: Step = (client) =>
  some(client, `insert into accounts values (1000000 + nextval('entry_ids'), 'new ${canary}', 0)`);

const closeAccount: Step = async (client) => {
  const gone = await client.query<{ balance: string }>(
    `delete from accounts where id > 1000000 and ${oneOf.accounts} returning balance`,
  );
  const balance = gone.rows[0]?.balance;
  if (balance === undefined) throw new NothingToDo();
  return 1 + (await some(client, `update vaults set balance = balance + $1 where ${oneOf.vaults}`, [balance]));
};

const insertEntries: Step = (client, random) =>
  some(
    client,
    `insert into entries select nextval('entry_ids'), $2, n, 'credit', 'note ' || n || ' ${canary}'
     from generate_series(1, $1::int) n`,
    [random.between(1, 20), random.between(1, 50)],
  );

const updateEntry: Step = (client, random) =>
  some(client, `update entries set amount = $1, kind = 'fee' where ${oneOf.entries}`, [random.between(1, 1_000_000)]);

const deleteEntry: Step = (client) => some(client, `delete from entries where ${oneOf.entries}`);

const moveEntry: Step = async (client) =>
  2 * (await some(client, `update entries set id = nextval('entry_ids') where ${oneOf.entries}`));

const moveVault: Step = async (client, random) =>
  2 *
  (await some(client, `update vaults set region = $1, number = 100000 + nextval('entry_ids') where ${oneOf.vaults}`, [
    random.pick(regions),
  ]));

/** A key that is deleted and comes back, in another transaction or in this one. One at a time, so revisions only grow. */
const phoenix: Step = async (client, random) => {
  const id = -random.between(1, 20);
  await client.query('select pg_advisory_xact_lock(42, $1)', [id]);
  const deleted = await rows(client, 'delete from entries where id = $1', [id]);
  if (deleted > 0 && random.chance(0.5)) return deleted;
  return deleted + (await rows(client, `insert into entries values ($1, 1, 1, 'debit', 'again ${canary}')`, [id]));
};

/** The large column is not touched, so the WAL does not hold its new value. */
const retitleDocument: Step = (client, random) =>
  some(client, `update documents set title = $1, active = $2, rating = rating + 0.01 where ${oneOf.documents}`, [
    `title ${random.between(1, 1_000_000)} ${canary}`,
    random.chance(0.7),
  ]);

const rewriteDocument: Step = (client, random) =>
  some(client, `update documents set body = repeat(md5($1), $2) where ${oneOf.documents}`, [
    String(random.next()),
    random.between(1, 200),
  ]);

const insertDocument: Step = (client, random) =>
  some(
    client,
    `insert into documents values (gen_random_uuid(), $1, repeat(md5($1), 100), array['a', 'b "c"', null],
       '{"deep": {"list": [1, 2.50, null]}}', 1.10, clock_timestamp(), $2)`,
    [`new ${random.between(1, 1_000_000)} ${canary}`, random.chance(0.7)],
  );

const deleteDocument: Step = (client) => some(client, `delete from documents where ${oneOf.documents}`);

/** Every step that changes a handful of rows, each as often as it stands here. */
export const smallSteps: readonly Step[] = [
  ...[transfer, transfer, transfer, openAccount, closeAccount],
  ...[insertEntries, insertEntries, updateEntry, updateEntry, deleteEntry, moveEntry, moveVault, phoenix],
  ...[retitleDocument, retitleDocument, rewriteDocument, insertDocument, deleteDocument],
];

/**
 * Takes one from every account and gives the sum to one vault, in one transaction: with some thousand accounts it is
 * larger than a micro-batch, so a replica that commits per micro-batch shows its half.
 */
export async function levyAll(client: Client): Promise<void> {
  for (;;) {
    await client.query('begin');
    try {
      const taken = await rows(client, 'update accounts set balance = balance - 1');
      await some(client, `update vaults set balance = balance + $1 where ${oneOf.vaults}`, [taken]);
      await client.query('commit');
      return;
    } catch (error) {
      await client.query('rollback');
      // Beside other writers it may be the victim of a deadlock, or find that the vault it had picked has another key by
      // the time its row is free: as users do, it is tried again.
      const passes = error instanceof NothingToDo || (error instanceof DatabaseError && error.code === '40P01');
      if (!passes) throw error;
    }
  }
}

/** One statement, or two that belong together, over about `size` rows. */
export function largeStep(size: number): Step {
  return async (client, random) => {
    const many = (table: string, condition: string) =>
      `ctid in (select ctid from ${table} where ${condition} order by random() limit ${size})`;
    switch (random.between(0, 3)) {
      case 0: {
        const taken = await some(client, `update accounts set balance = balance - 1 where ${many('accounts', 'true')}`);
        return taken + (await some(client, `update vaults set balance = balance + $1 where ${oneOf.vaults}`, [taken]));
      }
      case 1:
        return some(client, `update entries set amount = amount + 1 where ${many('entries', 'id > 0')}`);
      case 2: {
        // As many come as go, over time: inserts alone would make every later comparison slower.
        const gone = await rows(client, `delete from entries where ${many('entries', 'id > 2000')}`);
        if (gone > 0) return gone;
        return insertMany(size)(client, random);
      }
      default:
        return insertMany(size)(client, random);
    }
  };
}

export function insertMany(size: number): Step {
  return (client) =>
    some(
      client,
      `insert into entries select nextval('entry_ids'), 1, n, 'credit', 'many ${canary}' from generate_series(1, $1::int) n`,
      [size],
    );
}
