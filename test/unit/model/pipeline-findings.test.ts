import { closest } from '../../../model/did-you-mean';
import { isError } from '../../../model/finding';
import { readPipeline, type PipelineFile } from '../../../model/pipeline';

const replica = {
  type: 'postgres' as const,
  url: { env: 'REPLICA_URL' },
  schema: 'shop',
  tables: { 'public.orders': {} },
};
const file: PipelineFile = {
  name: 'shop',
  source: { url: { env: 'SHOP_URL' }, tables: ['public.orders', 'public.products'] },
  stores: { replica },
};
const withTable = (mapping: object) => ({
  ...file,
  stores: { replica: { ...replica, tables: { 'public.orders': mapping } } },
});

test('control: a right file has no finding', () => {
  expect(readPipeline(file).findings).toEqual([]);
});

test.each<[string, unknown, string, string, string]>([
  ['a misspelt key', { ...file, store: {} }, 'unknown-key', 'store', "Did you mean 'stores'?"],
  [
    'a misspelt key below',
    { ...file, source: { ...file.source, publicaton: 'p' } },
    'unknown-key',
    'source.publicaton',
    "Did you mean 'publication'?",
  ],
  [
    'a key from nowhere',
    { ...file, log: { zookeeper: 'z' } },
    'unknown-key',
    'log.zookeeper',
    'the keys here are prefix, partitions, replicationFactor, windowDays, maxMessageBytes, oversized',
  ],
  [
    "a key of the other type's stores",
    { ...file, stores: { replica: { ...replica, dynamicTemplates: [] } } },
    'unknown-key',
    'stores.replica.dynamicTemplates',
    'the keys here are type, url, schema, tables, indexes, parallel, require',
  ],
  [
    'a misspelt condition',
    withTable({ filter: { active: { equal: true } } }),
    'unknown-key',
    'stores.replica.tables.public.orders.filter.active.equal',
    "Did you mean 'equals'?",
  ],
  ['half a condition', withTable({ filter: { active: {} } }), 'wrong-value', 'filter.active', '{"isNull": …}'],
  ['no name', { ...file, name: undefined }, 'missing-key', 'name', "Add it: the pipeline's name"],
  [
    'a choice that is none',
    { ...file, log: { oversized: 'refrence' } },
    'wrong-value',
    'log.oversized',
    "Did you mean 'reference'?",
  ],
  [
    'a list for a choice',
    { ...file, log: { oversized: ['block'] } },
    'wrong-value',
    'log.oversized',
    'block, reference',
  ],
  ['a number for a name', { ...file, name: 7 }, 'wrong-value', 'name', 'Correct it.'],
  [
    'a secret in clear',
    { ...file, source: { ...file.source, url: 'postgres://u:hush@h/d' } },
    'wrong-value',
    'source.url',
    'Write {"env": "NAME"}',
  ],
  [
    'a misspelt type of store',
    { ...file, stores: { replica: { ...replica, type: 'postgre' } } },
    'wrong-value',
    'stores.replica.type',
    "Did you mean 'postgres'?",
  ],
  [
    'a type of store that there is not',
    { ...file, stores: { replica: { ...replica, type: 'oracle' } } },
    'wrong-value',
    'stores.replica.type',
    'Write one of postgres, elasticsearch, redis.',
  ],
  [
    'a store without a type',
    { ...file, stores: { replica: { url: { env: 'X' } } } },
    'missing-key',
    'stores.replica.type',
    'one of postgres, elasticsearch, redis',
  ],
  ['too many partitions', { ...file, log: { partitions: 65 } }, 'wrong-value', 'log.partitions', 'Correct it.'],
  ['a reserved store name', { ...file, stores: { capture: replica } }, 'reserved-name', 'stores.capture', 'another'],
  ['a reserved target', withTable({ into: '_slipstream_x' }), 'reserved-name', '.into', 'another'],
  [
    'a misspelt table',
    { ...file, stores: { replica: { ...replica, tables: { 'public.order': {} } } } },
    'table-not-captured',
    'stores.replica.tables.public.order',
    "Did you mean 'public.orders'?",
  ],
  [
    'a rename of what is not selected',
    withTable({ select: ['id', 'title'], rename: { titel: 't' } }),
    'rename-not-selected',
    'rename.titel',
    "Did you mean 'title'?",
  ],
  [
    'two tables whose topics Kafka takes for one',
    { ...file, source: { ...file.source, tables: ['public.orders', 'app.log_events', 'app_log.events'] } },
    'topics-alike',
    'source.tables',
    'another log.prefix',
  ],
  ['a target of too many bytes', withTable({ into: 'ü'.repeat(32) }), 'name-too-long', '.into', 'shorter'],
  [
    'a column renamed to too many bytes',
    withTable({ rename: { title: '語'.repeat(22) } }),
    'name-too-long',
    '.rename.title',
    'shorter',
  ],
  ['two columns of one name', withTable({ rename: { a: 'x', b: 'x' } }), 'mapping-conflict', '.rename', 'of its own'],
  [
    'two stores in one place',
    { ...file, stores: { replica, again: replica } },
    'named-twice',
    'stores.again.schema',
    'a schema of its own',
  ],
  [
    'a table named twice',
    { ...file, source: { ...file.source, tables: ['public.orders', 'public.orders'] } },
    'named-twice',
    'source.tables',
    'Remove one',
  ],
  [
    'a message prefix named twice',
    { ...file, source: { ...file.source, messages: ['order.placed', 'order.placed'] } },
    'named-twice',
    'source.messages',
    'Remove one',
  ],
  ['no object at all', null, 'wrong-value', '(the file)', 'Correct it.'],
])('%s', (_, input, code, where, cure) => {
  const findings = readPipeline(input).findings.filter((each) => each.code === code);
  expect(findings).toHaveLength(1);
  expect(findings[0]?.where).toContain(where);
  expect(findings[0]?.cure).toContain(cure);
  expect(findings.every(isError)).toBe(true);
  expect(JSON.stringify(findings)).not.toContain('hush');
});

test('what is only misspelt does not keep the rest from being checked', () => {
  const { pipeline, findings } = readPipeline({ ...file, extra: 1, stores: { sync: replica } });
  expect(pipeline?.source.slot).toBe('slipstream_shop');
  expect(findings.map(({ code }) => code)).toEqual(['unknown-key', 'reserved-name']);
  expect(readPipeline({ ...file, name: undefined }).pipeline).toBeNull();
});

test.each([
  ['slto', 'slot'],
  ['Tables', 'tables'],
  ['zookeeper', null],
  ['id', null],
])('%s means %s', (word, meant) => {
  expect(closest(word, ['slot', 'tables', 'publication'])).toBe(meant);
});

test('what is no text where a choice stands is called by its kind', () => {
  const [found] = readPipeline({ ...file, log: { oversized: ['block'] } }).findings;
  expect(found?.what).toBe('found a list.');
});
