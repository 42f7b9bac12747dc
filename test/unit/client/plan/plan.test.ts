import { plan } from '../../../../client/plan/plan';
import { InvalidConfig } from '../../../../model/errors';

const url = { env: 'ANY' };
const tables = { 'public.orders': {} };
const file = {
  name: 'shop',
  source: { url, tables: ['public.orders'] },
  stores: {
    replica: { type: 'postgres', url, schema: 'shop', tables },
    search: { type: 'elasticsearch', url, index: 'shop', tables },
  },
};

function run(content: unknown, { json = false, columns = 80 } = {}) {
  const written: string[] = [];
  const output = { write: (text: string) => written.push(text), columns };
  const outcome = plan(content, { json }, { output, environment: {} });
  return { outcome, text: written.join('') };
}

test('each store has its lines, with what a promise rests on and why it is not given', () => {
  const { outcome, text } = run(file);
  expect(outcome).toBe('ok');
  const [replica = '', search = ''] = text.split('search (elasticsearch)');
  expect(replica).toContain('yes transaction-consistent');
  expect(search).toMatch(/no {2}transaction-consistent\n[^:]*\n\s+since: documents are shown one by one/);
  expect(replica).toContain('if: the disk of the one broker');
  expect(text).not.toContain('\u001b[');
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
});

test('what is demanded is marked; what is demanded in vain is refused, below the sheet that says why', () => {
  expect(run({ ...file, require: ['nothing-lost'] })).toMatchObject({ outcome: 'ok' });
  expect(run({ ...file, require: ['nothing-lost'] }).text).toContain('nothing-lost (required)');
  const { outcome, text } = run({ ...file, require: ['transaction-consistent'] });
  expect(outcome).toBe('invalidConfig');
  expect(text).toContain('transaction-consistent (required)');
  expect(text.split('The file is refused as it is:')[1]).toContain('store search (elasticsearch) cannot give');
});

test('as JSON: pipeline, stores with their lines, findings', () => {
  const { text } = run({ ...file, require: ['transaction-consistent'] }, { json: true });
  expect(JSON.parse(text)).toMatchObject({
    pipeline: 'shop',
    stores: {
      replica: { type: 'postgres', require: ['transaction-consistent'] },
      search: { guarantees: expect.arrayContaining([expect.objectContaining({ verdict: 'not given' })]) as unknown },
    },
    findings: [{ code: 'guarantee-not-given' }],
  });
});

test('a file of which no pipeline can be made is refused with its places', () => {
  expect(() => run({ ...file, name: undefined })).toThrow(InvalidConfig);
  expect(() => run({ ...file, name: undefined })).toThrow(/name: it is missing/);
});
