import { conversionOf, targetsOfType } from '../../../../model/rules/conversion';
import type { ResultType } from '../../../../model/rules/result-type';
import type { Json } from '../../../../model/mutation';
import { Unmappable } from '../../../../model/rules/unmappable';

const convert = (type: string, to: ResultType, value: string | number | boolean) => {
  const conversion = conversionOf(type, to);
  if (!conversion) throw new Error(`${type} cannot become ${to}`);
  return conversion.convert(value);
};

test.each<[string, ResultType, string | number | boolean, Json]>([
  ['int8', 'string', '9223372036854775807', '9223372036854775807'],
  ['bool', 'string', true, 'true'],
  ['numeric', 'number', '12.50', 12.5],
  ['int8', 'number', '9007199254740993', 9007199254740992],
  ['float8', 'number', '-0', 0],
  ['text', 'number', ' 1e3 ', 1000],
  ['int4', 'boolean', 2, true],
  ['int8', 'boolean', '0', false],
  ['text', 'boolean', 'Yes', true],
  ['timestamptz', 'date', '2026-02-03 23:59:59+00', '2026-02-03'],
  ['timestamp', 'date', 'infinity', 'infinity'],
  ['text', 'date', '2026-02-03', '2026-02-03'],
  ['timestamp', 'timestamp', '2026-02-03 04:05:06.7', '2026-02-03 04:05:06.7+00'],
  ['date', 'timestamp', '0044-03-15 BC', '0044-03-15 00:00:00+00 BC'],
  ['text', 'timestamp', '2026-02-03T04:05:06+05:30', '2026-02-02 22:35:06+00'],
  ['timestamptz', 'iso8601', '2026-02-03 04:05:06.789012+00', '2026-02-03T04:05:06.789012Z'],
  ['timestamp', 'iso8601', '2026-02-03 04:05:06', '2026-02-03T04:05:06'],
  ['date', 'iso8601', '2026-02-03', '2026-02-03'],
  ['array', 'list', '{a,"b c",NULL,"NULL","x\\"\\\\y"}', ['a', 'b c', null, 'NULL', 'x"\\y']],
  ['array', 'list', '[0:1]={1,2}', ['1', '2']],
  [
    'array',
    'list',
    '{{1,2},{3,4}}',
    [
      ['1', '2'],
      ['3', '4'],
    ],
  ],
  ['array', 'list', '{}', []],
  [
    'jsonb',
    'json',
    '{"a": [1, {"__proto__": null}], "n": "\\u0000"}',
    JSON.parse('{"a": [1, {"__proto__": null}], "n": "\\u0000"}') as Json,
  ],
  ['text', 'json', '"x"', 'x'],
])('%s to %s: %j', (type, to, value, expected) => {
  expect(JSON.stringify(convert(type, to, value))).toBe(JSON.stringify(expected));
});

test.each<[string, ResultType, string | number]>([
  ['numeric', 'number', 'NaN'],
  ['numeric', 'number', '1e131071'],
  ['float8', 'number', 'Infinity'],
  ['text', 'number', 'secret'],
  ['text', 'number', ''],
  ['text', 'boolean', 'secret'],
  ['text', 'date', '2026-02-03 04:05'],
  ['text', 'date', 'secret'],
  ['text', 'timestamp', '2026-02-03 04:05'],
  ['timestamptz', 'iso8601', 'infinity'],
  ['date', 'iso8601', '0044-03-15 BC'],
  ['json', 'json', '[1e400]'],
  ['json', 'json', `${'['.repeat(200)}${']'.repeat(200)}`],
  ['text', 'json', '{secret}'],
])('%s to %s refuses %j and does not say it', (type, to, value) => {
  let error: unknown;
  try {
    convert(type, to, value);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(Unmappable);
  expect((error as Error).message).not.toContain('secret');
  // What is declared is what happens.
  expect(conversionOf(type, to)?.refuses).not.toBeNull();
});

test.each<[string, ResultType]>([
  ['bytea', 'number'],
  ['interval', 'timestamp'],
  ['jsonb', 'boolean'],
  ['uuid', 'number'],
  ['int4', 'list'],
  ['money', 'number'],
  ['array', 'json'],
  ['constructor', 'number'],
])('%s to %s is nonsense', (type, to) => expect(conversionOf(type, to)).toBeNull());

test('what a type can become', () => {
  expect(targetsOfType('timestamp')).toEqual(['string', 'date', 'timestamp', 'iso8601']);
  expect(targetsOfType('interval')).toEqual(['string']);
});
