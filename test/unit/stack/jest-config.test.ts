import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { projectFolder } from '../../support/project';

interface Config {
  readonly projects: readonly { readonly displayName: string; readonly modulePathIgnorePatterns: readonly string[] }[];
}

test("no project of Jest takes a demo's PostgreSQL data for snapshots of its own", () => {
  const { projects } = jest.requireActual<Config>(join(projectFolder, 'jest.config.js'));
  const file = join(projectFolder, '.slipstream/demo/postgres/data/pg_logical/snapshots/0-29B8420.snap');
  const taken = projects.filter(
    ({ modulePathIgnorePatterns: patterns }) =>
      !patterns.some((pattern) => new RegExp(pattern.replace('<rootDir>', projectFolder)).test(file)),
  );
  expect(taken.map(({ displayName }) => displayName)).toEqual([]);
  expect(projects).toHaveLength(3);
});

test('every file whose tests run beside each other has loaded what Jest would not load then', () => {
  const folder = join(projectFolder, 'test');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.test.ts'));
  const concurrent = files.filter((file) => /^(it|test)\.concurrent/m.test(readFileSync(join(folder, file), 'utf8')));
  expect(concurrent.length).toBeGreaterThan(4);
  expect(concurrent.filter((file) => !readFileSync(join(folder, file), 'utf8').includes('support/load-ahead'))).toEqual(
    [],
  );
});
