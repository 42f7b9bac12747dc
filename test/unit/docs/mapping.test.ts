import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeFinding } from '../../../model/finding';
import { readPipeline } from '../../../model/pipeline';
import { comparableTypes } from '../../../model/rules/comparison';
import { resultTypes } from '../../../model/rules/result-type';
import { projectFolder } from '../../support/project';

const page = readFileSync(join(projectFolder, 'docs/mapping.md'), 'utf8');
const blocks = [...page.matchAll(/```json\n([^]*?)```/g)].map(([, text = '']) => text);

test.each(blocks)('what the page shows is a mapping: %s', (block) => {
  const inner = JSON.parse(`{${block}}`) as Record<string, unknown>;
  const tables = 'where' in inner ? { 'public.patients': inner } : inner;
  const { findings } = readPipeline({
    name: 'shop',
    source: { url: { env: 'S' }, tables: Object.keys(tables) },
    stores: { search: { type: 'elasticsearch', url: { env: 'E' }, index: 'shop', tables } },
  });
  expect(findings.map(describeFinding)).toEqual([]);
});

test('the page has examples, every type that can be compared, and every result of a conversion', () => {
  expect(blocks.length).toBeGreaterThanOrEqual(4);
  const named = (type: string) =>
    page.includes(`\`${type}\``) || { enum: 'enums', bpchar: 'char(n)' }[type] !== undefined;
  expect([...comparableTypes, ...resultTypes].filter((type) => !named(type))).toEqual([]);
});
