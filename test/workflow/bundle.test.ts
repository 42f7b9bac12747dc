import { bundleWorkflows } from './support/temporal';
import * as workflows from '../../workflows/index';

jest.setTimeout(360_000);

let code: string;
beforeAll(async () => {
  ({ code } = await bundleWorkflows());
});

/** The modules webpack has put into the bundle, as it names them. */
function modules(): readonly string[] {
  return [...code.matchAll(/^\/\*\*\*\/ "([^"]+)":?/gm)].map((match) => match[1] ?? '');
}

test('the bundle is there, and the modules in it can be told', () => {
  expect(modules().filter((name) => name.includes('/workflows/'))).toContain('./workflows/follow.ts');
});

test.each(['zod', 'kafkajs', 'pg', '@elastic/elasticsearch'])('%s is not in the bundle', (library) => {
  expect(modules().filter((name) => name.includes(`node_modules/${library}/`))).toEqual([]);
});

test.each(['activities', 'stores', 'stream', 'capture', 'worker', 'client'])(
  'no code of %s/ is in the bundle',
  (room) => {
    expect(modules().filter((name) => name.startsWith(`./${room}/`))).toEqual([]);
  },
);

test('of the model, only what is pure of zod is in the bundle', () => {
  const found = modules().filter((name) => name.startsWith('./model/'));
  expect(found).not.toContain('./model/pipeline.ts');
  expect(found).not.toContain('./model/settings.ts');
});

test('no Node built-in is in the bundle', () => {
  expect(modules().filter((name) => /^(node:|external )/.test(name))).toEqual([]);
  expect(code).not.toMatch(/require\(["']node:/);
});

test('nothing but workflow functions is exported', () => {
  expect(Object.keys(workflows).sort()).toEqual(['capture', 'follow', 'sync']);
});
