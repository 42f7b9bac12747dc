import { capabilitiesOf, type Capabilities } from '../../../model/capabilities';
import { InvalidConfig } from '../../../model/errors';
import { guaranteeNames, guaranteesOf, type Circumstances, type Guarantee } from '../../../model/guarantees';
import { judgeRequirements } from '../../../model/judge-guarantees';
import { parsePipeline, readPipeline } from '../../../model/pipeline';

const url = { env: 'ANY' };
const tables = { 'public.orders': {} };
const postgres = { type: 'postgres', url, schema: 'shop', tables } as const;
const elasticsearch = { type: 'elasticsearch', url, index: 'shop', tables } as const;

/** Can do everything; each row of the table takes something away. */
const able: Capabilities = {
  offsetsWithData: true,
  transactionConsistent: true,
  versions: 'documents-and-deletes',
  dedupeHorizonSeconds: null,
  fence: 'compare-and-set',
  atomicPromote: true,
  acceptanceRecord: true,
  durability: 'answered',
};
const best: Omit<Circumstances, 'capabilities'> = { logCopies: 3, parks: false, readsAtSource: false, losses: [] };

const sheet = (capabilities: Partial<Capabilities>, over: Partial<Circumstances> = {}) =>
  guaranteesOf({ ...best, ...over, capabilities: { ...able, ...capabilities } });
const differing = (lines: ReturnType<typeof sheet>) =>
  Object.fromEntries(lines.filter(({ verdict }) => verdict !== 'given').map((line) => [line.guarantee, line.verdict]));

test.each<[string, Partial<Capabilities>, Partial<Circumstances>, Partial<Record<Guarantee, string>>]>([
  ['everything', {}, {}, {}],
  ['no transaction with the data, versions instead', { offsetsWithData: false }, {}, {}],
  ['versions of documents only', { offsetsWithData: false, versions: 'documents' }, {}, {}],
  [
    'neither a transaction nor versions',
    { offsetsWithData: false, versions: 'none' },
    {},
    { 'exactly-once-effect': 'not given' },
  ],
  ['a transaction needs no versions', { versions: 'none' }, {}, {}],
  ['no fence', { fence: 'none' }, {}, { 'order-per-row': 'not given', 'exactly-once-effect': 'not given' }],
  ['a write alias is a fence', { fence: 'write-alias' }, {}, {}],
  ['a script is a fence', { fence: 'script' }, {}, {}],
  ['readers see documents one by one', { transactionConsistent: false }, {}, { 'transaction-consistent': 'not given' }],
  ['no atomic switch', { atomicPromote: false }, {}, { 'atomic-rebuild': 'not given' }],
  [
    'no record',
    { acceptanceRecord: false },
    {},
    { 'nothing-lost': 'not given', 'resumes-without-temporal': 'not given' },
  ],
  ['deletes are forgotten: a premise, since the fence holds', { dedupeHorizonSeconds: 60 }, {}, {}],
  ['durability by setting: a premise', { durability: 'by-setting' }, {}, {}],
  ['one copy of the log: a premise', {}, { logCopies: 1 }, {}],
  ['records are parked', {}, { parks: true }, { 'nothing-lost': 'weakened', 'transaction-consistent': 'weakened' }],
  [
    'records are parked where documents are shown one by one',
    { transactionConsistent: false },
    { parks: true },
    { 'nothing-lost': 'weakened', 'transaction-consistent': 'not given' },
  ],
  ['long values are read at the source', {}, { readsAtSource: true }, { 'values-exact': 'weakened' }],
  ['declared losses', {}, { losses: ['price is rounded'] }, { 'values-exact': 'weakened' }],
  ['losses not looked at: a premise', {}, { losses: null }, {}],
])('%s', (_, capabilities, circumstances, expected) => {
  expect(differing(sheet(capabilities, circumstances))).toEqual(expected);
});

test.each<[Capabilities['durability'], boolean, boolean]>([
  ['answered', false, false],
  ['answered', true, false],
  ['by-setting', false, false],
  ['by-setting', true, true],
])('durability %s, parking %s: a retried record may be forgotten for good: %s', (durability, parks, said) => {
  const line = sheet({ durability }, { parks }).find(({ guarantee }) => guarantee === 'nothing-lost');
  expect(line?.because.some((why) => /retried.*crash/.test(why))).toBe(said);
});

test.each<[string, Guarantee, Partial<Capabilities>, Partial<Circumstances>, RegExp]>([
  ['one copy of the log', 'nothing-lost', {}, { logCopies: 1 }, /replicationFactor is 1/],
  ['durability by setting', 'nothing-lost', { durability: 'by-setting' }, {}, /read again while the log holds it/],
  ['half a batch', 'exactly-once-effect', { offsetsWithData: false, versions: 'documents' }, {}, /runs to its end/],
  [
    'forgotten deletes',
    'exactly-once-effect',
    { offsetsWithData: false, dedupeHorizonSeconds: 60 },
    {},
    /remembered for 60 s/,
  ],
  ['unknown losses', 'values-exact', {}, { losses: null }, /not looked at/],
])('%s is a premise that is said, and only then', (_, guarantee, capabilities, circumstances, said) => {
  const premises = (lines: ReturnType<typeof sheet>) =>
    lines.find((line) => line.guarantee === guarantee)?.premises.join('\n') ?? '';
  expect(premises(sheet(capabilities, circumstances))).toMatch(said);
  expect(premises(sheet({}))).not.toMatch(said);
});

test('every line says why when it is less than given, and only then', () => {
  const worst = sheet(
    { ...able, fence: 'none', transactionConsistent: false, atomicPromote: false, acceptanceRecord: false },
    { parks: true, losses: ['price is rounded'] },
  );
  expect(worst.map(({ guarantee }) => guarantee)).toEqual([...guaranteeNames]);
  for (const { verdict, because } of [...worst, ...sheet({})]) expect(because.length > 0).toBe(verdict !== 'given');
});

test('what our own stores give', () => {
  const given = (definition: Parameters<typeof capabilitiesOf>[0]) =>
    differing(guaranteesOf({ ...best, capabilities: capabilitiesOf(definition) }));
  expect(given(postgres)).toEqual({});
  expect(given(elasticsearch)).toEqual({ 'transaction-consistent': 'not given' });
  // All else stays, exactly-once among it: each share has a record of its own.
  expect(given({ ...postgres, parallel: 4 })).toEqual({ 'transaction-consistent': 'not given' });
});

describe('require', () => {
  const file = {
    name: 'shop',
    source: { url, tables: ['public.orders'] },
    stores: { replica: postgres, search: elasticsearch } as Record<string, unknown>,
  };
  const problems = (input: unknown) => readPipeline(input).findings.map(({ code, where }) => [code, where]);

  test('what every store gives is no finding, and stays in the pipeline', () => {
    const pipeline = parsePipeline({ ...file, require: ['exactly-once-effect', 'nothing-lost'] });
    expect(pipeline.require).toEqual(['exactly-once-effect', 'nothing-lost']);
    expect('require' in parsePipeline(file)).toBe(false);
  });

  test('one store that cannot give it has the pipeline refused, and is named with the reason', () => {
    const demanding = { ...file, require: ['transaction-consistent'] };
    expect(() => parsePipeline(demanding)).toThrow(InvalidConfig);
    expect(problems(demanding)).toEqual([['guarantee-not-given', 'require']]);
    expect(readPipeline(demanding).findings[0]?.what).toMatch(/store search \(elasticsearch\) .* one by one/);
  });

  test('a replica that is parallel has given it up, and says so', () => {
    const replica = { ...postgres, parallel: 4, require: ['transaction-consistent'] };
    const { findings } = readPipeline({ ...file, stores: { replica } });
    expect(findings).toMatchObject([{ code: 'guarantee-not-given', where: 'stores.replica.require' }]);
    expect(findings[0]?.what).toMatch(/over several connections/);
  });

  test('demanded of one store, it is judged for that store alone', () => {
    const of = (store: string, definition: object) => ({
      ...file,
      stores: { ...file.stores, [store]: { ...definition, require: ['transaction-consistent'] } },
    });
    expect(problems(of('replica', postgres))).toEqual([]);
    expect(problems(of('search', elasticsearch))).toEqual([['guarantee-not-given', 'stores.search.require']]);
  });

  test('a weakened guarantee is not the one that was demanded', () => {
    const source = { ...file.source, replicaIdentity: 'read-back' };
    expect(problems({ ...file, source, require: ['values-exact'] })).toHaveLength(2);
    const pipeline = { ...parsePipeline(file), require: ['values-exact'] as const };
    const of = { pipeline, store: 'replica', definition: postgres };
    expect(judgeRequirements({ ...of, losses: null })).toEqual([]);
    expect(judgeRequirements({ ...of, losses: ['price is rounded'] })[0]?.what).toMatch(/price is rounded/);
  });

  test.each(['decode', 'map', 'store'])(
    'a store that parks what fails at "%s" loses nothing but for what it parks',
    (what) => {
      const parking = { ...postgres, poison: { [what]: 'park' } };
      const demanding = (poison: object) => ({
        ...file,
        stores: { replica: { ...parking, ...poison } },
        require: ['nothing-lost'],
      });
      expect(problems(demanding({}))).toEqual([['guarantee-not-given', 'require']]);
      expect(problems(demanding({ poison: { [what]: 'block' } }))).toEqual([]);
    },
  );

  test('a misspelt guarantee is asked about', () => {
    const [found] = readPipeline({ ...file, require: ['exactly-one-effect'] }).findings;
    expect(found).toMatchObject({ where: 'require.0', cure: "Did you mean 'exactly-once-effect'?" });
  });
});
