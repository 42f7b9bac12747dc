import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { doctor, type DoctorParts } from '../../../../client/doctor/doctor';
import { renderDoctor } from '../../../../client/doctor/render';
import { finding, type PartReport } from '../../../../model/finding';
import type { FindingCode } from '../../../../model/finding-codes';

const folder = mkdtempSync(join(tmpdir(), 'slipstream-doctor-'));
afterAll(() => rmSync(folder, { recursive: true }));

const file = {
  name: 'shop',
  source: { url: { env: 'SOURCE' }, tables: ['public.orders'] },
  stores: { replica: { type: 'postgres', url: { env: 'R' }, schema: 'shop', tables: { 'public.orders': {} } } },
};
const some = (code: FindingCode) =>
  finding(code, { where: 'wal_level', what: 'it is replica.', cure: "Run: alter system set wal_level = 'logical';" });
const part = (name: string, ...codes: FindingCode[]): PartReport => ({
  part: name,
  facts: ['looked at'],
  findings: codes.map(some),
});

async function run(
  content: string,
  reports: readonly PartReport[],
  options: { json?: boolean; environment?: object } = {},
) {
  const path = join(folder, 'pipeline.json');
  writeFileSync(path, content);
  const written: string[] = [];
  const examine = jest.fn<ReturnType<DoctorParts['examine']>, Parameters<DoctorParts['examine']>>(async () => reports);
  const parts = { examine, checkTemporal: async () => part('temporal') };
  const outcome = await doctor(
    { file: path, json: options.json ?? false },
    { output: { write: (text) => written.push(text) }, environment: { ...options.environment } },
    async () => parts,
  );
  return { outcome, text: written.join(''), examine };
}

test.each<[string, FindingCode[], string]>([
  ['nothing', [], 'ok'],
  ['a warning', ['wal-kept-without-limit'], 'ok'],
  ['an error', ['wal-level'], 'invalidConfig'],
  ['a server that is away', ['source-unreachable'], 'invalidConfig'],
])('%s: the outcome', async (_, codes, expected) => {
  expect((await run(JSON.stringify(file), [part('source', ...codes)])).outcome).toBe(expected);
});

test('as JSON: counts, parts and findings, and nothing else', async () => {
  const { text } = await run(JSON.stringify(file), [part('source', 'wal-level', 'clock-skew')], { json: true });
  expect(JSON.parse(text)).toMatchObject({
    ...{ pipeline: 'shop', errors: 1, warnings: 1 },
    parts: [
      { part: 'file' },
      { part: 'source', findings: [{ code: 'wal-level' }, { code: 'clock-skew' }] },
      { part: 'temporal' },
    ],
  });
});

test('a file with a misspelt key does not keep the servers from being looked at', async () => {
  const { examine, text } = await run(JSON.stringify({ ...file, extra: 1 }), []);
  expect(examine.mock.calls[0]?.[0].pipeline).toMatchObject({ name: 'shop' });
  expect(text).toContain('(unknown-key)');
});

test.each([
  ['that is not JSON', '{'],
  ['without a name', JSON.stringify({ ...file, name: undefined })],
])('with a file %s, what does not depend on it is looked at', async (_, content) => {
  const { examine, outcome } = await run(content, [part('log')]);
  expect(examine.mock.calls[0]?.[0].pipeline).toBeNull();
  expect(outcome).toBe('invalidConfig');
});

test('wrong settings are a finding, and nothing is looked at by them', async () => {
  const { text, examine, outcome } = await run(JSON.stringify(file), [], { environment: { SLIPSTREAM_LANES: 'many' } });
  expect(text).toContain('SLIPSTREAM_LANES');
  expect(examine).not.toHaveBeenCalled();
  expect(outcome).toBe('invalidConfig');
});

test('on a terminal it has marks and colours, elsewhere ASCII alone; a statement has a line of its own', () => {
  const reports = [part('source', 'wal-level', 'clock-skew')];
  const plain = renderDoctor({ reports, colour: false, unicode: false, columns: 80 });
  expect(plain.join('\n')).toMatch(/^[\n\x20-\x7e]*$/);
  expect(plain).toContain("        alter system set wal_level = 'logical';");
  expect(plain.at(-1)).toBe('1 error, 1 warning. Mend the errors, then check again. Nothing was changed.');
  const drawn = renderDoctor({ reports, colour: true, unicode: true, columns: 80 }).join('\n');
  for (const mark of ['✓', '✗', '\u001b[31m']) expect(drawn).toContain(mark);
});
