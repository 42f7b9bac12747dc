import { fillTemplate, parseTemplate } from '../../../../model/rules/template';

const fill = (template: string, row: Record<string, string | number | boolean | null>) => {
  const parts = parseTemplate(template);
  if (typeof parts === 'string') throw new Error(parts);
  return fillTemplate(parts, row);
};

test.each([
  ['{first} {last}', 'Ann Lee'],
  ['{first|} {nick|no nickname}', 'Ann no nickname'],
  ['{nick|}', ''],
  ['{first} {nick}', null],
  ['{{{first}}}', '{Ann}'],
  ['no column', 'no column'],
  ['{age} {vip}', '40 true'],
])('%s', (template, expected) => {
  expect(fill(template, { first: 'Ann', last: 'Lee', nick: null, age: 40, vip: true })).toBe(expected);
});

test('a value is never read as a template', () => {
  expect(fill('{first}', { first: '{last}', last: 'Lee' })).toBe('{last}');
});

test.each(['{', '}', '{}', '{a', 'a}', '{a{b}}', '{|x}'])('%s is no template', (template) => {
  expect(parseTemplate(template)).toEqual(expect.stringMatching(/^the brace at character \d+/));
});
