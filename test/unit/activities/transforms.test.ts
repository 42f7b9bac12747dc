import { createHash } from 'node:crypto';
import { mappingHash } from '../../../activities/generation';
import { mappingOf, withVersions } from '../../../activities/transforms';
import { parsePipeline, type Pipeline, type TableMapping } from '../../../model/pipeline';
import type { Transform, Transforms } from '../../../model/rules/transform';
import { usesTransforms, withoutVersions } from '../../../model/transform-versions';

const pipelineWith = (mapping: object): Pipeline =>
  parsePipeline({
    name: 'shop',
    source: { url: { env: 'S' }, tables: ['public.orders'] },
    stores: {
      search: { type: 'elasticsearch', url: { env: 'E' }, index: 'shop', tables: { 'public.orders': mapping } },
    },
  });
const definitionOf = ({ stores }: Pipeline) => {
  const { search } = stores;
  if (!search) throw new Error('no store');
  return search;
};
const transform = (version: string): Transform => ({ version, map: () => ({ title: version }) });
const uses = { transform: { name: 'describe', returns: { title: 'string' } } };

test.each<[object, string]>([
  [{}, '{"public.orders":{}}'],
  [
    { into: 'o', select: ['id', 'n'], rename: { n: 'm' }, filter: { n: { in: [1, 'x'] }, a: { isNull: false } } },
    '{"public.orders":{"filter":{"a":{"isNull":false},"n":{"in":[1,"x"]}},"into":"o","rename":{"n":"m"},"select":["id","n"]}}',
  ],
])('the hash of a mapping that uses nothing new is what it always was: %j', (mapping, canonical) => {
  const expected = createHash('sha256').update(canonical).digest('hex').slice(0, 16);
  const pipeline = pipelineWith(mapping);
  expect(mappingHash(definitionOf(pipeline))).toBe(expected);
  expect(mappingHash(definitionOf(withVersions(pipeline, { describe: transform('1') })))).toBe(expected);
});

test('a changed function is another mapping', () => {
  const hash = (version: string, mapping: TableMapping | object = uses) =>
    mappingHash(definitionOf(withVersions(pipelineWith(mapping), { describe: transform(version) })));
  expect(hash('1')).toBe(hash('1'));
  expect(hash('1')).not.toBe(hash('2'));
  expect(hash('1', { documents: [uses] })).not.toBe(hash('2', { documents: [uses] }));
});

test('a version once filled in stays, until it is asked for anew', () => {
  const first = withVersions(pipelineWith({ documents: [uses] }), { describe: transform('1') });
  const again = withVersions(first, { describe: { ...transform('2'), earlier: [transform('1')] } });
  expect(again).toEqual(first);
  expect(usesTransforms(definitionOf(first))).toBe(true);
  const renewed = { ...first, stores: { search: withoutVersions(definitionOf(first)) } };
  const documents = definitionOf(withVersions(renewed, { describe: transform('2') })).tables['public.orders']
    ?.documents;
  expect(documents?.[0]?.transform?.version).toBe('2');
});

describe('a worker that lacks the function', () => {
  const generation = {
    number: 3,
    definition: definitionOf(withVersions(pipelineWith(uses), { describe: transform('1') })),
  };
  const make = (attempt: number, transforms: Transforms) => () =>
    mappingOf({ transforms }, { store: 'search', generation, attempt });

  test('has it tried again, by another worker', () => {
    const unavailable = expect.objectContaining({ name: 'Unavailable' }) as Error;
    expect(make(9, {})).toThrow(unavailable);
    expect(make(1, {})).toThrow(/generation 3 of 'search', and this worker has no transform 'describe'.*createWorker/);
    expect(() => withVersions(pipelineWith(uses), {})).toThrow(unavailable);
  });

  test('in this version: tried again, then BLOCKED with the rebuild that cures it', () => {
    const other = { describe: transform('2') };
    expect(make(3, other)).toThrow(expect.objectContaining({ name: 'Unavailable' }) as Error);
    expect(make(4, other)).toThrow(expect.objectContaining({ name: 'Blocked', reason: 'transform-changed' }) as Error);
    expect(make(4, other)).toThrow(/in version 2, and version 1 is asked for\. Order a rebuild/);
  });

  test('with both versions goes on with the one the generation was built with', () => {
    const map = make(1, { describe: { ...transform('2'), earlier: [transform('1')] } })();
    const change = { table: 'public.orders', key: { id: 1 }, after: { id: 1 }, schemaId: null };
    expect(map(change, '1', [])[0]?.document).toEqual({ id: 1, title: '1' });
  });
});
