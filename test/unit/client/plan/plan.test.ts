import { plan } from '../../../../client/plan/plan';
import type { TableSchema } from '../../../../model/schema';
import { InvalidConfig } from '../../../../model/errors';

const url = { env: 'ANY' };
const tables = { 'public.orders': {} };
const column = (name: string, baseType: string) => {
  return { name, typeId: 0, type: baseType, baseType, notNull: false, generated: false };
};
const catalogue: readonly TableSchema[] = [
  {
    name: 'public.orders',
    relationId: 1,
    columns: [column('id', 'int4'), column('total', 'numeric')],
    key: ['id'],
    replicaIdentity: 'f',
    estimatedRows: -1,
  },
];

const file = {
  name: 'shop',
  source: { url, tables: ['public.orders'] },
  stores: {
    replica: { type: 'postgres', url, schema: 'shop', tables },
    search: { type: 'elasticsearch', url, index: 'shop', tables },
  },
};

async function run(content: unknown, { json = false, columns = 80, environment = {}, tables = catalogue } = {}) {
  const written: string[] = [];
  const output = { write: (text: string) => written.push(text), columns };
  const readTables = jest.fn(async () => tables);
  const outcome = await plan(content, { json }, { output, environment }, async () => ({ readTables }));
  return { outcome, text: written.join(''), readTables };
}

test('each store has its lines, with what a promise rests on and why it is not given', async () => {
  const { outcome, text } = await run(file);
  expect(outcome).toBe('ok');
  const [replica = '', search = ''] = text.split('search (elasticsearch)');
  expect(replica).toContain('yes transaction-consistent');
  expect(search).toMatch(/no {2}transaction-consistent\n[^:]*\n\s+since: documents are shown one by one/);
  expect(replica).toContain('if: the disk of the one broker');
  expect(text).not.toContain('\u001b[');
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
});

test('what is demanded is marked; what is demanded in vain is refused, below the sheet that says why', async () => {
  expect(await run({ ...file, require: ['nothing-lost'] })).toMatchObject({ outcome: 'ok' });
  expect((await run({ ...file, require: ['nothing-lost'] })).text).toContain('nothing-lost (required)');
  const { outcome, text } = await run({ ...file, require: ['transaction-consistent'] });
  expect(outcome).toBe('invalidConfig');
  expect(text).toContain('transaction-consistent (required)');
  expect(text.split('The file is refused as it is:')[1]).toContain('store search (elasticsearch) cannot give');
});

test('as JSON: pipeline, stores with their lines, findings', async () => {
  const { text } = await run({ ...file, require: ['transaction-consistent'] }, { json: true });
  expect(JSON.parse(text)).toMatchObject({
    pipeline: 'shop',
    stores: {
      replica: { type: 'postgres', require: ['transaction-consistent'] },
      search: { guarantees: expect.arrayContaining([expect.objectContaining({ verdict: 'not given' })]) as unknown },
    },
    findings: [{ code: 'guarantee-not-given' }],
  });
});

test('a file of which no pipeline can be made is refused with its places', async () => {
  await expect(run({ ...file, name: undefined })).rejects.toThrow(InvalidConfig);
  await expect(run({ ...file, name: undefined })).rejects.toThrow(/name: it is missing/);
});

describe('with the source at hand', () => {
  const lossy = { 'public.orders': { fields: { approximately: { column: 'total', to: 'number' } } } };
  const rounded = { ...file, stores: { replica: { ...file.stores.replica, tables: lossy } } };
  const environment = { ANY: 'postgres://localhost/any' };

  test('what the mapping loses weakens, and names field and column', async () => {
    const { outcome, text, readTables } = await run(rounded, { environment });
    expect(readTables).toHaveBeenCalledTimes(1);
    expect(outcome).toBe('ok');
    expect(text).toMatch(/but values-exact\n[^:]*\n\s+but: field approximately of public.orders, made of total/);
  });

  test('demanded, it is refused', async () => {
    const demanding = { ...rounded, require: ['values-exact'] };
    expect(await run(demanding, { environment })).toMatchObject({ outcome: 'invalidConfig' });
    expect(await run(demanding)).toMatchObject({ outcome: 'ok' });
  });

  test('without it the types are a premise, and nobody is asked', async () => {
    const { text, readTables } = await run(rounded);
    expect(readTables).not.toHaveBeenCalled();
    expect(text).toMatch(/yes values-exact\n[^:]*\n\s+if: the types of the columns/);
  });
});
