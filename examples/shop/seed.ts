import { createRandom, type Random } from './random';

/** Rows as `json_populate_recordset` takes them; ids count from 1 in the order given. */
export interface Seed {
  readonly customers: readonly object[];
  readonly products: readonly object[];
  readonly orders: readonly object[];
  readonly order_lines: readonly object[];
}

export const seedTables = ['customers', 'products', 'orders', 'order_lines'] as const;

/** 10,000 rows in all. */
const sizes = { customers: 1_000, products: 1_000, orders: 2_500, lines: 5_500 } as const;

const firstNames = [
  'Ada',
  'Björn',
  'Chidi',
  'Dana',
  'Edsger',
  'Frances',
  'Grace',
  'Haruki',
  'Inês',
  'Jon',
  'Katherine',
  'Łucja',
];
const lastNames = [
  'Almeida',
  'Brandt',
  'Codd',
  'Dijkstra',
  'Eriksson',
  'Foucault',
  'Gray',
  'Hopper',
  'Ito',
  'Jensen',
  "O'Neil",
];
const cities = ['Amsterdam', 'Berlin', 'Kraków', 'Lisboa', 'Lyon', 'Osaka', 'São Paulo', 'Toronto', null];
const adjectives = ['linen', 'oak', 'brass', 'quiet', 'folding', 'blue', 'heavy', 'travel', 'winter', 'paper'];
const things = ['lamp', 'chair', 'kettle', 'notebook', 'blanket', 'clock', 'table', 'mirror', 'basket', 'radio'];
const categories = ['home', 'office', 'kitchen', 'outdoor'];
const filler = [
  'made',
  'by',
  'hand',
  'in',
  'small',
  'batches',
  'and',
  'sent',
  'the',
  'same',
  'day',
  'with',
  'care',
  'for',
  'years',
  'of',
  'use',
];
const firstDay = Date.UTC(2024, 0, 1);
const day = 86_400_000;

/** The shop's first rows. Pure: the same number gives the same shop. */
export function createSeed(seed: number): Seed {
  const random = createRandom(seed);
  const prices: number[] = [];
  const customers = times(sizes.customers, () => customer(random));
  const products = times(sizes.products, () => {
    // In cents, so that sums are exact.
    const cents = random.between(199, 49_999);
    prices.push(cents);
    return product(random, cents);
  });
  const { orders, lines } = ordersWithLines(random, prices);
  return { customers, products, orders, order_lines: lines };
}

function customer(random: Random): object {
  const name = `${random.pick(firstNames)} ${random.pick(lastNames)}`;
  return {
    name,
    email: `${name.toLowerCase().replace(/[^a-z]/g, '')}${random.between(1, 9_999)}@example.com`,
    city: random.pick(cities),
    balance: money(random.between(10_000, 500_000)),
    preferences: { newsletter: random.next() < 0.3, language: random.pick(['en', 'pt', 'ja', 'pl']) },
    created_at: time(random),
  };
}

function product(random: Random, cents: number): object {
  return {
    name: `${random.pick(adjectives)} ${random.pick(things)}`,
    category: random.pick(categories),
    price: money(cents),
    stock: random.between(500, 5_000),
    active: random.next() < 0.9,
    attributes: { weight: random.between(50, 9_000), colours: [random.pick(['red', 'green']), 'grey'] },
    // Above the 2 kB at which PostgreSQL moves a value out of the row.
    description: times(500, () => random.pick(filler)).join(' '),
    updated_at: time(random),
  };
}

function ordersWithLines(random: Random, prices: readonly number[]): { orders: object[]; lines: object[] } {
  const orders: object[] = [];
  const lines: object[] = [];
  for (let order = 1; order <= sizes.orders; order += 1) {
    // Two lines each and one more for some, so that the sum comes out.
    const count = order <= sizes.lines - 2 * sizes.orders ? 3 : 2;
    let total = 0;
    for (let line = 1; line <= count; line += 1) {
      const productId = random.between(1, prices.length);
      const quantity = random.between(1, 3);
      const cents = prices[productId - 1] ?? 0;
      total += cents * quantity;
      lines.push({ order_id: order, line, product_id: productId, quantity, price: money(cents) });
    }
    const status = random.pick(['placed', 'shipped', 'delivered', 'delivered']);
    const note = random.next() < 0.1 ? 'leave it with the neighbours' : null;
    orders.push({
      customer_id: random.between(1, sizes.customers),
      status,
      paid: money(total),
      note,
      placed_at: time(random),
    });
  }
  return { orders, lines };
}

function times<Item>(count: number, make: () => Item): Item[] {
  return Array.from({ length: count }, make);
}

/** As text: a JSON number would not keep its cents. */
function money(cents: number): string {
  return (cents / 100).toFixed(2);
}

function time(random: Random): string {
  return new Date(firstDay + random.between(0, 365 * day)).toISOString();
}
