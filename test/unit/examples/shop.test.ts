import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compareContents } from '../../../examples/shop/compare';
import { databaseUrl } from '../../../examples/shop/database';
import { parseDemoArguments, shopEnvironment } from '../../../examples/shop/demo';
import { projectFolder } from '../../../examples/shop/project-folder';
import { createSeed } from '../../../examples/shop/seed';
import { startArguments } from '../../../examples/shop/temporal-cli';
import { startLine, thingsToTry, type Place } from '../../../examples/shop/things-to-try';
import { parsePipeline } from '../../../model/pipeline';

const addresses = {
  postgres: 'postgres://postgres@127.0.0.1:15432/postgres',
  kafka: '127.0.0.1:9092',
  elasticsearch: 'http://127.0.0.1:9200',
  temporal: '127.0.0.1:7233',
  temporalUi: 'http://127.0.0.1:8233',
  temporalBinary: '/cache/temporal',
};

describe('the seed', () => {
  const seed = createSeed(7);

  it('has 10,000 rows, the same for the same number', () => {
    const sizes = Object.values(seed).map((rows: readonly object[]) => rows.length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(10_000);
    expect(createSeed(7)).toEqual(seed);
    expect(createSeed(8)).not.toEqual(seed);
  });

  it('has orders that are worth what their lines are', () => {
    const cents = (text: string) => Math.round(Number(text) * 100);
    const totals = new Map<number, number>();
    for (const line of seed.order_lines as { order_id: number; quantity: number; price: string }[]) {
      totals.set(line.order_id, (totals.get(line.order_id) ?? 0) + line.quantity * cents(line.price));
    }
    const paid = (seed.orders as { paid: string }[]).map((order) => cents(order.paid));
    expect(paid).toEqual(paid.map((_, index) => totals.get(index + 1)));
  });

  it('has descriptions that PostgreSQL moves out of the row', () => {
    for (const { description } of seed.products as { description: string }[]) {
      expect(description.length).toBeGreaterThan(2_100);
    }
  });
});

describe('pipeline.json', () => {
  it('is valid and is the shop of this folder', () => {
    const pipeline = parsePipeline(
      JSON.parse(readFileSync(join(projectFolder, 'examples/shop/pipeline.json'), 'utf8')),
    );
    expect(pipeline.name).toBe('shop');
    expect(Object.keys(pipeline.stores)).toEqual(['replica', 'search']);
    const named = [pipeline.source.url.env, ...Object.values(pipeline.stores).map((store) => store.url.env)];
    for (const name of named) expect(shopEnvironment(addresses)).toHaveProperty(name);
  });

  it('is started by the documented line', () => {
    expect(`temporal ${startArguments.join(' ')}`).toBe(
      'temporal workflow start --type sync --task-queue slipstream --workflow-id sync/shop --input-file examples/shop/pipeline.json',
    );
  });
});

describe('compareContents', () => {
  const source = new Map([
    ['1', 'a'],
    ['2', 'b'],
  ]);
  it.each([
    {
      title: 'equal',
      found: [
        ['2', 'b'],
        ['1', 'a'],
      ],
      differences: [],
    },
    { title: 'missing', found: [['1', 'a']], differences: ['t 2 is missing'] },
    {
      title: 'other values',
      found: [
        ['1', 'a'],
        ['2', 'x'],
      ],
      differences: ['t 2 has other values'],
    },
    {
      title: 'too many',
      found: [
        ['1', 'a'],
        ['2', 'b'],
        ['3', 'c'],
      ],
      differences: ['t 3 should not be there'],
    },
  ] as { title: string; found: [string, string][]; differences: string[] }[])('$title', ({ found, differences }) => {
    expect(compareContents('t', source, new Map(found))).toEqual({ target: 't', rows: 2, differences });
  });
});

describe('the things to try', () => {
  const place: Place = {
    environment: shopEnvironment(addresses),
    temporalBinary: '/my cache/temporal',
    temporalAddress: addresses.temporal,
    temporalUi: addresses.temporalUi,
    workerPid: 4_711,
    workerLog: '/data/worker.log',
  };

  it('carry real addresses, the real process and a path that a shell takes for one word', () => {
    const text = thingsToTry(place).join('\n');
    expect(text).toContain('kill -9 4711');
    expect(text).toContain('http://127.0.0.1:8233');
    expect(text).toContain('SHOP_DATABASE_URL=postgres://postgres@127.0.0.1:15432/shop SHOP_ELASTICSEARCH_URL=');
    expect(text).toContain(`'/my cache/temporal' workflow query --address 127.0.0.1:7233 -w sync/shop --type status`);
    expect(text).toContain(`--name rebuild --input '{"store":"search","reason":"to see it happen"}'`);
    expect(startLine(place)).toMatch(/^'\/my cache\/temporal' workflow start .*--address 127\.0\.0\.1:7233$/);
  });

  it('give a new worker everything it reads', () => {
    const [line] = thingsToTry(place).filter((one) => one.endsWith('node dist/worker/main.js'));
    for (const name of Object.keys(place.environment)) expect(line).toContain(`${name}=`);
  });
});

describe('the arguments of npm start', () => {
  it.each([
    [[], { once: false, perSecond: 10, seed: 1 }],
    [['--once'], { once: true, perSecond: 10, seed: 1 }],
    [['--rate', '50', '--seed', '9'], { once: false, perSecond: 50, seed: 9 }],
  ])('%j', (args, expected) => {
    expect(parseDemoArguments(args)).toEqual(expected);
  });

  it.each([[['--rate', 'fast']], [['--twice']], [['once']]])('are refused with the reason: %j', (args) => {
    expect(() => parseDemoArguments(args)).toThrow(/--rate|--twice|once/);
  });
});

describe('databaseUrl', () => {
  it('keeps everything but the database', () => {
    expect(databaseUrl('postgres://me@host:1/postgres?sslmode=disable', 'shop')).toBe(
      'postgres://me@host:1/shop?sslmode=disable',
    );
  });
});
