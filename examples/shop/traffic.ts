import { setTimeout as pause } from 'node:timers/promises';
import { Pool, type PoolClient } from 'pg';
import { createRandom, type Random } from './random';

export interface Traffic {
  /** Transactions committed so far. */
  readonly committed: () => number;
  /** Transactions that failed so far: the database was away. */
  readonly failed: () => number;
  /** Resolves when the transaction under way has ended and the connections are closed. */
  stop(): Promise<void>;
}

/** More orders than this and old ones are deleted as fast as new ones come: the shop may run for ever. */
const manyOrders = 3_000;

type Step = (client: PoolClient, random: Random) => Promise<void>;

/** What customers and the shop do, with how often in a hundred. */
const steps: readonly { readonly weight: number; readonly step: Step }[] = [
  { weight: 30, step: placeOrder },
  { weight: 35, step: advanceOrder },
  { weight: 20, step: changePrice },
  { weight: 5, step: toggleProduct },
  { weight: 6, step: cancelOrder },
  { weight: 4, step: deleteOrder },
];

/** Writes to the shop at about `perSecond` transactions a second, one after the other, until stopped. */
export function startTraffic(options: { url: string; perSecond: number; seed: number }): Traffic {
  const pool = new Pool({ connectionString: options.url, max: 1 });
  // An idle connection that breaks is replaced at the next transaction.
  pool.on('error', () => undefined);
  const random = createRandom(options.seed);
  const ending = new AbortController();
  const counts = { committed: 0, failed: 0 };
  const run = async () => {
    while (!ending.signal.aborted) {
      const ok = await transaction(pool, (client) => choose(random)(client, random));
      if (ok) counts.committed += 1;
      else counts.failed += 1;
      await pause(1_000 / options.perSecond, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  };
  // Once for all who stop it: a pool can be ended only once.
  const ended = run().then(() => pool.end());
  return {
    committed: () => counts.committed,
    failed: () => counts.failed,
    stop() {
      ending.abort();
      return ended;
    },
  };
}

async function transaction(pool: Pool, step: (client: PoolClient) => Promise<void>): Promise<boolean> {
  const client = await pool.connect().catch(() => null);
  if (!client) return false;
  try {
    await client.query('begin');
    await step(client);
    await client.query('commit');
    client.release();
    return true;
  } catch {
    // The connection goes with the transaction: whatever was open in it is rolled back.
    client.release(true);
    return false;
  }
}

function choose(random: Random): Step {
  let left = random.between(1, 100);
  for (const { weight, step } of steps) {
    left -= weight;
    if (left <= 0) return step;
  }
  return changePrice;
}

/** Money moves from the customer's balance to the order: two tables, one transaction. */
async function placeOrder(client: PoolClient, random: Random): Promise<void> {
  const customer = await anyId(client, 'customers', random);
  // By product, so that no product is bought on two lines: one statement updates each product's stock once.
  const wanted = new Map<string, number>();
  for (let lines = random.between(1, 3); lines > 0; lines -= 1) {
    wanted.set(await anyId(client, 'products', random), random.between(1, 3));
  }
  await client.query(
    `with wanted as (
       select p.id, p.price, w.quantity, row_number() over () as line
       from unnest($2::bigint[], $3::int[]) as w (id, quantity) join products p using (id)
     ), total as (select sum(price * quantity) as paid from wanted),
     payer as (
       update customers c set balance = c.balance - t.paid from total t
       where c.id = $1 and c.balance >= t.paid returning c.id, t.paid
     ), placed as (
       insert into orders (customer_id, status, paid) select id, 'placed', paid from payer returning id
     ), taken as (
       update products p set updated_at = now(),
         stock = case when p.stock > w.quantity then p.stock - w.quantity else 1000 end
       from wanted w, placed where p.id = w.id
     )
     insert into order_lines (order_id, line, product_id, quantity, price)
     select o.id, w.line, w.id, w.quantity, w.price from placed o, wanted w`,
    [customer, [...wanted.keys()], [...wanted.values()]],
  );
}

async function advanceOrder(client: PoolClient, random: Random): Promise<void> {
  await client.query(
    `update orders set status = case status when 'placed' then 'shipped' else 'delivered' end::order_status
     where id = $1 and status in ('placed', 'shipped')`,
    [await anyId(client, 'orders', random)],
  );
}

async function changePrice(client: PoolClient, random: Random): Promise<void> {
  await client.query(
    `update products set price = greatest(1, round(price * $2::numeric, 2)), updated_at = now() where id = $1`,
    [await anyId(client, 'products', random), (random.between(80, 125) / 100).toFixed(2)],
  );
}

async function toggleProduct(client: PoolClient, random: Random): Promise<void> {
  await client.query('update products set active = not active, updated_at = now() where id = $1', [
    await anyId(client, 'products', random),
  ]);
}

async function cancelOrder(client: PoolClient, random: Random): Promise<void> {
  const order = await anyId(client, 'orders', random);
  await refund(client, order);
  await client.query(`update orders set status = 'cancelled', paid = 0 where id = $1`, [order]);
}

async function deleteOrder(client: PoolClient): Promise<void> {
  const { rows } = await client.query<{ id: string }>(
    `select id from orders order by id limit greatest(1, least(10, (select count(*) from orders) - $1))`,
    [manyOrders],
  );
  for (const { id } of rows) {
    await refund(client, id);
    await client.query('delete from orders where id = $1', [id]);
  }
}

async function refund(client: PoolClient, order: string): Promise<void> {
  await client.query(
    'update customers c set balance = balance + o.paid from orders o where o.id = $1 and c.id = o.customer_id',
    [order],
  );
}

async function anyId(client: PoolClient, table: 'customers' | 'products' | 'orders', random: Random): Promise<string> {
  const { rows } = await client.query<{ id: string }>(
    `select id from ${table}
     where id >= (select min(id) + floor($1::float8 * (max(id) - min(id) + 1))::bigint from ${table})
     order by id limit 1`,
    [random.next()],
  );
  const [found] = rows;
  if (!found) throw new Error(`The shop has no ${table} left.`);
  return found.id;
}
