import { ExtensionNeeded, reshape, VersionGuard } from '../../../activities/version-guard';
import { parsePipeline } from '../../../model/pipeline';
import type { SchemaVersion, TableSchema } from '../../../model/schema';
import { createMemoryDurable, openMemoryStore } from '../../support/memory-store';

const column = (name: string, type = 'text') => ({
  ...{ name, type, typeId: 25, baseType: type, notNull: false, generated: false },
});
const tableOf = (...names: string[]): TableSchema => ({
  ...{ name: 'public.orders', relationId: 7, key: ['id'], replicaIdentity: 'f', estimatedRows: -1 },
  columns: names.map((name) => column(name)),
});
const versionOf = (id: string, ...names: string[]): SchemaVersion => {
  const { name, relationId, columns, key } = tableOf(...names);
  return { id, name, relationId, columns, key };
};
const generation = { pipeline: 'shop', store: 'replica', number: 1, mappingHash: 'm', logId: 'log' };

/** A generation made when the table was `made`, beside a source where it is `now`. */
async function world(input: {
  made: string[];
  now: string[] | null;
  filter?: object;
  mapping?: object;
  versions: SchemaVersion[];
}) {
  const { stores } = parsePipeline({
    name: 'shop',
    source: { url: { env: 'URL' }, tables: ['public.orders'] },
    stores: {
      replica: {
        ...{ type: 'postgres', url: { env: 'URL' }, schema: 'shop' },
        tables: { 'public.orders': input.mapping ?? (input.filter ? { filter: input.filter } : {}) },
      },
    },
  });
  const definition = stores['replica'];
  if (!definition) throw new Error('the pipeline of this test has no replica');
  const durable = createMemoryDurable();
  const context = { pipeline: 'shop', store: 'replica', definition, url: 'url' };
  const store = openMemoryStore({ ...context, catalogue: async () => [tableOf(...input.made)] }, durable);
  await store.prepare(generation);
  const asked = { versions: 0, catalogue: 0 };
  const guard = new VersionGuard({
    ...{ store, generation, definition },
    versions: async () => {
      asked.versions += 1;
      return new Map(input.versions.map((version) => [version.id, version]));
    },
    catalogue: async () => {
      asked.catalogue += 1;
      return input.now ? [tableOf(...input.now)] : [];
    },
  });
  return { guard, store, asked };
}

const orders = 'public.orders';

it('asks once for a version, and the source only about a difference', async () => {
  const { guard, asked } = await world({ made: ['id', 'a'], now: null, versions: [versionOf('v1', 'id', 'a')] });
  expect(guard.admitted(orders, 'v1')).toBeUndefined();
  const admitted = await guard.admit(orders, 'v1');
  expect(admitted.shapes).toEqual(new Map());
  expect(admitted.columns?.map(({ name }) => name)).toEqual(['id', 'a']);
  expect(guard.admitted(orders, 'v1')).toBe(admitted);
  expect(asked).toEqual({ versions: 1, catalogue: 0 });
  expect(guard.admitted(orders, null)).toEqual({ columns: null, shapes: new Map() });
});

it('a new column is asked for, and once the store has it, records go as they are', async () => {
  const versions = [versionOf('v2', 'id', 'a', 'b')];
  const { guard, store } = await world({ made: ['id', 'a'], now: ['id', 'a', 'b'], versions });
  const error: unknown = await guard.admit(orders, 'v2').catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ExtensionNeeded);
  const { table, columns } = error as ExtensionNeeded;
  expect(columns).toEqual(['b']);
  await store.extend(generation, table, columns);
  await store.extend(generation, table, columns);
  expect((await guard.admit(orders, 'v2')).shapes.size).toBe(0);
});

it('versions that fitted whole are judged again once the store has more columns', async () => {
  const versions = [versionOf('v1', 'id', 'a'), versionOf('v2', 'id', 'a', 'b')];
  const { guard, store } = await world({ made: ['id', 'a'], now: ['id', 'a', 'b'], versions });
  expect((await guard.admit(orders, 'v1')).shapes.size).toBe(0);
  await expect(guard.admit(orders, 'v2')).rejects.toBeInstanceOf(ExtensionNeeded);
  await store.extend(generation, versionOf('v2', 'id', 'a', 'b'), ['b']);
  expect(guard.admitted(orders, 'v1')).toBeUndefined();
  const again = await guard.admit(orders, 'v1');
  expect(again.shapes).toEqual(new Map([['orders', { taken: ['id', 'a'], empty: ['b'] }]]));
});

describe('a version that comes back, since the table has its former columns again', () => {
  const versions = [versionOf('v1', 'id', 'a'), versionOf('v2', 'id', 'a', 'b')];

  it('is judged anew: a column that was gone from the source is no longer left out of its records', async () => {
    const input = { made: ['id', 'a'], now: ['id', 'a'], versions };
    const { guard, asked } = await world(input);
    expect(guard.admitted(orders, 'v2')).toBeUndefined();
    expect((await guard.admit(orders, 'v2')).shapes.get('orders')?.taken).toEqual(['id', 'a']);
    // Of records that follow one another nothing is asked again.
    expect(guard.admitted(orders, 'v2')).toBeDefined();
    expect(asked.catalogue).toBe(1);
    guard.admitted(orders, 'v1');
    await guard.admit(orders, 'v1');
    input.now.push('b');
    expect(guard.admitted(orders, 'v2')).toBeUndefined();
    await expect(guard.admit(orders, 'v2')).rejects.toMatchObject({ name: 'ExtensionNeeded', columns: ['b'] });
  });

  it('is judged anew: a column that is gone from the source blocks, as it does at first', async () => {
    const input = { made: ['id', 'a', 'b'], now: ['id', 'a', 'b'], versions };
    const { guard } = await world(input);
    guard.admitted(orders, 'v1');
    expect((await guard.admit(orders, 'v1')).shapes.get('orders')?.empty).toEqual(['b']);
    guard.admitted(orders, 'v2');
    const fitting = await guard.admit(orders, 'v2');
    input.now.pop();
    expect(guard.admitted(orders, 'v1')).toBeUndefined();
    await expect(guard.admit(orders, 'v1')).rejects.toMatchObject({ reason: 'schema-changed' });
    expect(guard.admitted(orders, 'v2')).toBe(fitting);
  });
});

it('older records are brought into the generation’s form: what they lack is NULL, what is gone is left out', async () => {
  const versions = [versionOf('v1', 'id', 'old', 'a')];
  const { guard } = await world({ made: ['id', 'a', 'b'], now: ['id', 'a', 'b'], versions });
  const shape = (await guard.admit(orders, 'v1')).shapes.get('orders');
  expect(shape).toBeDefined();
  if (shape) expect(reshape({ id: 1, old: 'x', a: 'y' }, shape)).toEqual({ id: 1, a: 'y', b: null });
});

it.each([
  ['a column that the generation has is gone', { made: ['id', 'a'], now: ['id'], versions: [versionOf('v2', 'id')] }],
  [
    'the filter’s column is gone',
    { made: ['id'], now: ['id'], filter: { active: { equals: true } }, versions: [versionOf('v2', 'id')] },
  ],
])('BLOCKED when %s, with rebuild as the way out', async (_what, input) => {
  const { guard } = await world(input);
  const blocked = { name: 'Blocked', reason: 'schema-changed', message: expect.stringMatching(/rebuild/) as string };
  await expect(guard.admit(orders, 'v2')).rejects.toMatchObject(blocked);
});

describe('a column under a name that the mapping gives to something else', () => {
  const versions = [versionOf('v2', 'id', 'a', 'title')];
  const mappings = [
    ['another column', { rename: { a: 'title' } }],
    ['a made field', { fields: { title: { template: '{a}' } } }],
  ] as const;

  it.each(mappings)('that came to the table is BLOCKED, and never shown for %s', async (_what, mapping) => {
    const { guard } = await world({ made: ['id', 'a'], now: ['id', 'a', 'title'], mapping, versions });
    const blocked = {
      name: 'Blocked',
      reason: 'schema-changed',
      message: expect.stringMatching(/title.*rebuild/) as string,
    };
    await expect(guard.admit(orders, 'v2')).rejects.toMatchObject(blocked);
  });

  it.each(mappings)('that is of the past is left out for %s', async (_what, mapping) => {
    const { guard } = await world({ made: ['id', 'a'], now: ['id', 'a'], mapping, versions });
    expect((await guard.admit(orders, 'v2')).shapes.size).toBe(0);
  });
});

it('with many versions the log is read once, and again for what came since', async () => {
  const versions = [versionOf('v1', 'id', 'a'), versionOf('v2', 'id', 'a')];
  const { guard, asked } = await world({ made: ['id', 'a'], now: null, versions });
  await guard.admit(orders, 'v1');
  await guard.admit(orders, 'v2');
  expect(asked.versions).toBe(1);
  versions.push(versionOf('v3', 'id', 'a'));
  expect((await guard.admit(orders, 'v3')).columns?.map(({ name }) => name)).toEqual(['id', 'a']);
  expect(asked.versions).toBe(2);
});

it('a version that the log does not keep is no guess', async () => {
  const { guard } = await world({ made: ['id'], now: ['id'], versions: [] });
  await expect(guard.admit(orders, 'v9')).rejects.toMatchObject({ name: 'Blocked', reason: 'undecodable' });
});
