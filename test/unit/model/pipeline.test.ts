import { InvalidConfig } from '../../../model/errors';
import { parsePipeline, type PipelineFile } from '../../../model/pipeline';

const file: PipelineFile = {
  name: 'shop',
  source: { url: { env: 'SHOP_DATABASE_URL' }, tables: ['public.orders', 'public.products'] },
  stores: {
    replica: { type: 'postgres', url: { env: 'REPLICA_URL' }, schema: 'shop', tables: { 'public.orders': {} } },
    search: { type: 'elasticsearch', url: { env: 'SEARCH_URL' }, index: 'shop', tables: { 'public.products': {} } },
  },
};

const problemsOf = (input: unknown): string => {
  try {
    parsePipeline(input);
  } catch (error) {
    if (error instanceof InvalidConfig) return error.message;
    throw error;
  }
  return '';
};

describe('the pipeline file', () => {
  test('what is left out gets its default, once: this is the whole parsed form (a change here is a change of every running workflow’s input)', () => {
    expect(parsePipeline(file)).toEqual({
      name: 'shop',
      source: {
        url: { env: 'SHOP_DATABASE_URL' },
        tables: ['public.orders', 'public.products'],
        messages: [],
        slot: 'slipstream_shop',
        publication: 'slipstream_shop',
        copy: { chunkRows: 5000 },
      },
      log: {
        prefix: 'shop',
        partitions: 4,
        replicationFactor: 1,
        windowDays: 7,
        maxMessageBytes: 16_777_216,
        oversized: 'block',
      },
      stores: file.stores,
      slice: { seconds: 30, heartbeatSeconds: 10 },
    });
  });

  test('parsing what was parsed changes nothing', () => {
    const pipeline = parsePipeline(file);
    expect(parsePipeline(JSON.parse(JSON.stringify(pipeline)))).toEqual(pipeline);
  });

  test.each<[string, unknown, RegExp]>([
    ['nothing', null, /\(the file\)/],
    ['an unknown key', { ...file, sources: {} }, /sources/],
    ['a secret in clear', { ...file, source: { ...file.source, url: 'postgres://u:p@h/d' } }, /source\.url/],
    [
      'a table without a schema',
      { ...file, source: { ...file.source, tables: ['orders'] } },
      /source\.tables\.0: 'orders' is not a table name/,
    ],
    ['no table', { ...file, source: { ...file.source, tables: [] } }, /source\.tables/],
    ['a prefix with a dot', { ...file, log: { prefix: 'a.b' } }, /log\.prefix: a topic prefix is/],
    ['an unknown store type', { ...file, stores: { x: { type: 'oracle' } } }, /stores\.x\.type/],
    [
      'a reserved store name',
      { ...file, stores: { capture: file.stores['replica'] } },
      /stores\.capture: this name is reserved/,
    ],
    [
      'a table nobody captures',
      { ...file, source: { ...file.source, tables: ['public.orders'] } },
      /stores\.search\.tables\.public\.products: not among source\.tables/,
    ],
    [
      'two tables in one target',
      {
        ...file,
        stores: {
          replica: {
            ...file.stores['replica'],
            tables: { 'public.orders': { into: 't' }, 'public.products': { into: 't' } },
          },
        },
      },
      /'t' is already the target of public\.orders/,
    ],
    [
      'a rename of what is not selected',
      {
        ...file,
        stores: {
          replica: {
            ...file.stores['replica'],
            tables: { 'public.orders': { select: ['id'], rename: { name: 'n' } } },
          },
        },
      },
      /rename\.name: the column is not selected/,
    ],
    [
      'half a condition',
      {
        ...file,
        stores: { replica: { ...file.stores['replica'], tables: { 'public.orders': { filter: { a: {} } } } } },
      },
      /filter\.a/,
    ],
  ])('%s is refused with its place', (_what, input, expected) => {
    expect(problemsOf(input)).toMatch(expected);
  });

  test('all problems are told at once', () => {
    expect(problemsOf({ ...file, name: 'Shop!', source: { ...file.source, tables: ['orders'] } })).toMatch(
      /has 2 problems/,
    );
  });
});
