import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { composeProblems } from '../../docker/compose-problems';

const root = join(__dirname, '..', '..', '..');
const directory = mkdtempSync(join(tmpdir(), 'slipstream-compose-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** A compose file in a folder of its own, where `./there` and `./Dockerfile` are. */
function problemsOf(compose: object | string): string {
  const file = join(directory, 'docker-compose.yml');
  for (const name of ['there', 'Dockerfile']) writeFileSync(join(directory, name), '');
  writeFileSync(file, typeof compose === 'string' ? compose : stringify(compose, { singleQuote: true }));
  return composeProblems(file).join('\n');
}

const sound = {
  name: 'sound',
  services: {
    database: {
      image: 'postgres:18.4',
      volumes: ['data:/data', './there:/there:ro'],
      healthcheck: { test: ['CMD', 'true'] },
    },
    setup: { image: 'postgres:18.4', depends_on: { database: { condition: 'service_healthy' } } },
    worker: {
      build: '.',
      depends_on: { setup: { condition: 'service_completed_successfully' } },
    },
    shop: { image: 'shop:1.0', depends_on: { worker: { condition: 'service_healthy' } } },
  },
  volumes: { data: null },
};

const withService = (name: keyof typeof sound.services, change: object) => ({
  ...sound,
  services: { ...sound.services, [name]: { ...sound.services[name], ...change } },
});

describe('the check of a compose file', () => {
  test('has nothing to say to a sound one', () => {
    expect(problemsOf(sound)).toBe('');
  });

  test.each([
    ['a key that the specification does not know', withService('setup', { imagee: 'x' }), 'invalid-schema'],
    ['a value of the wrong type', withService('setup', { healthcheck: { test: 7 } }), 'invalid-schema'],
    ['what is not YAML', 'services: [', 'Invalid YAML'],
    ['an image without a version', withService('setup', { image: 'postgres' }), 'concrete version tag'],
    ['a moving tag', withService('setup', { image: 'postgres:latest' }), 'concrete version tag'],
    ['a port for everybody', withService('setup', { ports: ['5432:5432'] }), 'open to other machines'],
    [
      'a dependency that is not there',
      withService('setup', { depends_on: { databse: { condition: 'service_started' } } }),
      'depends on databse, which is not there',
    ],
    ['a wait for health without a check', withService('database', { healthcheck: { disable: true } }), 'has no check'],
    ['a wait for an end that never comes', withService('setup', { restart: 'always' }), 'started again when it ends'],
    ['an undeclared volume', { ...sound, volumes: {} }, 'mounts data, which is neither'],
    ['a volume for nobody', { ...sound, volumes: { data: null, old: null } }, 'old is declared and not used'],
    ['a mount of nothing', withService('setup', { volumes: ['./gone:/gone'] }), 'mounts ./gone'],
    ['a build without a Dockerfile', withService('worker', { build: './gone' }), 'is built from ./gone/Dockerfile'],
    [
      'a variable without a default',
      withService('setup', { environment: { A: '${HOST_PORT}' } }),
      '${HOST_PORT} has no default',
    ],
    ['a variable with an empty default', withService('setup', { environment: { A: '${A:-}' } }), 'has no default'],
    ['a bare variable', withService('setup', { environment: { A: '$HOME' } }), '$HOME has no default'],
  ])('names %s', (_, compose, problem) => {
    expect(problemsOf(compose)).toContain(problem);
  });

  test('leaves alone what the shell in a container is to see, and what has a default', () => {
    expect(problemsOf(withService('setup', { environment: { A: '$$HOME ${A:-1}' } }))).toBe('');
  });
});

describe('docker-compose.yml', () => {
  const file = join(root, 'docker-compose.yml');
  const compose = parse(readFileSync(file, 'utf8')) as {
    services: Record<'worker' | 'shop', { environment: Record<string, string> }>;
  };

  test('has nothing wrong that can be seen without an engine', () => {
    expect(composeProblems(file)).toEqual([]);
  });

  test("gives the worker what the example's pipeline file names", () => {
    const pipeline = readFileSync(join(root, 'examples', 'shop', 'pipeline.json'), 'utf8');
    const named = [...pipeline.matchAll(/"env":\s*"(\w+)"/g)].map(([, name]) => name);
    expect(named.length).toBeGreaterThan(0);
    expect(Object.keys(compose.services.worker.environment)).toEqual(expect.arrayContaining(named));
  });
});
