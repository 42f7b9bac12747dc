import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generatedParts, withPart } from '../../../docs/generated';
import { markdownTable } from '../../../docs/table';
import { projectFolder } from '../../support/project';

it.each(generatedParts.map((part) => [part.page, part.name, part] as const))(
  'docs/%s: the table of %s says what the code says (else: npm run docs)',
  (page, _name, part) => {
    const text = readFileSync(join(projectFolder, 'docs', page), 'utf8');
    expect(text).toBe(withPart(text, part));
  },
);

it('a page that says something else is noticed, and so is one without a place for the part', () => {
  const part = { page: 'x.md', name: 'things', text: () => 'new' };
  const page = 'before\n\n<!-- generated: things -->\n\nold\n\n<!-- end of things -->\nafter';
  expect(withPart(page, part)).toBe('before\n\n<!-- generated: things -->\n\nnew\n\n<!-- end of things -->\nafter');
  expect(() => withPart('nothing here', part)).toThrow(/docs\/x.md lacks the lines <!-- generated: things -->/);
});

it('tables are aligned as Prettier aligns them, and a bar in a cell does not end it', () => {
  expect(markdownTable(['a', 'long'], [['x|y', 'z']])).toBe(
    ['| a    | long |', '| ---- | ---- |', '| x\\|y | z    |'].join('\n'),
  );
});
