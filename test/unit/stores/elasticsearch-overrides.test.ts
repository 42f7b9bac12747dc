import { mappingHash } from '../../../activities/generation';
import type { StoreDefinition } from '../../../model/pipeline';
import { storeSchema } from '../../../model/pipeline-file';
import { fieldsOf } from '../../../stores/elasticsearch/fields';
import { furtherFields, indexSettings, settingProblems } from '../../../stores/elasticsearch/overrides';
import { catalogue } from '../../contract/fixture';

type Definition = Extract<StoreDefinition, { type: 'elasticsearch' }>;

const plain = { type: 'elasticsearch', url: { env: 'URL' }, index: 'shop', tables: { 'public.accounts': {} } } as const;
const withSettings = (settings: Definition['settings']): Definition => ({
  ...plain,
  ...(settings ? { settings } : {}),
});

test.each<[string, NonNullable<Definition['settings']>, string[]]>([
  ['shards, copies and analysis', { number_of_shards: 3, analysis: { analyzer: { own: { type: 'custom' } } } }, []],
  ['a translog that is not synced', { 'translog.durability': 'async' }, ['settings.translog.durability']],
  ['the same, nested', { index: { translog: { durability: 'async' } } }, ['settings.index.translog.durability']],
  ['the same, with dots', { 'index.translog.durability': 'async' }, ['settings.index.translog.durability']],
  ['an interval of its own', { refresh_interval: '30s' }, ['settings.refresh_interval']],
  ['a block', { 'blocks.write': true }, ['settings.blocks.write']],
  [
    'pipelines',
    { default_pipeline: 'a', index: { final_pipeline: 'b' } },
    ['settings.default_pipeline', 'settings.index.final_pipeline'],
  ],
])('settings: %s', (_, settings, places) => {
  expect(settingProblems(withSettings(settings)).map(({ place }) => place)).toEqual(places);
});

test('what is asked for stands beside ours, and copies that were asked for are not expanded away', () => {
  const ours = { auto_expand_replicas: '0-1', translog: { durability: 'request' } };
  expect(indexSettings(plain, ours)).toEqual(ours);
  expect(indexSettings(withSettings({ index: { number_of_replicas: 2 }, analysis: {} }), ours)).toEqual({
    translog: { durability: 'request' },
    number_of_replicas: 2,
    analysis: {},
  });
});

test('a field is mapped as it is asked for, the others by their types', () => {
  const fields = fieldsOf({ ...plain, fields: { holder: { type: 'text', analyzer: 'own' } } }, catalogue);
  expect(fields).toMatchObject({ holder: { type: 'text', analyzer: 'own' }, balance: { type: 'long' } });
});

test('a field that no column becomes is one that others are copied to, or a slip of the pen', () => {
  const known = ['id', 'holder'];
  const copied = { ...plain, fields: { holder: { type: 'text', copy_to: 'all' }, all: { type: 'text' } } };
  expect(furtherFields(copied, known)).toEqual({ fields: { all: { type: 'text' } }, problems: [] });
  const { problems } = furtherFields({ ...plain, fields: { holdr: { type: 'text' } } }, known);
  expect(problems).toMatchObject([{ place: 'fields.holdr', cure: "Did you mean 'holder'?" }]);
  expect(() => fieldsOf({ ...plain, fields: { holdr: {} } }, catalogue)).toThrow(/Did you mean 'holder'/);
  expect(furtherFields({ ...plain, fields: { _own: { type: 'text' } } }, known).problems).toHaveLength(1);
});

test('overrides are part of what a generation is; without any its hash is what it was', () => {
  // The sha256 of {"public.accounts":{}}: indexes built before there were overrides stay what they are.
  expect(mappingHash(plain)).toBe('5e391bcfab83d68e');
  const hashes = [
    plain,
    withSettings({ number_of_shards: 3 }),
    { ...plain, fields: { holder: { type: 'keyword' } } },
    { ...plain, dynamicTemplates: [{ any: {} }] },
  ].map(mappingHash);
  expect(new Set(hashes).size).toBe(hashes.length);
  // How often readers see what was written changes nothing in what is held.
  expect(mappingHash({ ...plain, refresh: '5s', require: ['nothing-lost'] })).toBe(mappingHash(plain));
});

test.each([
  ['1s', true],
  ['500ms', true],
  ['never', true],
  ['-1', false],
  ['0s', false],
  ['soon', false],
])('refresh %s: %s', (refresh, right) => {
  expect(storeSchema.safeParse({ ...plain, refresh }).success).toBe(right);
});
