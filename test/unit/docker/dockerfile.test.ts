import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { dockerfileProblems } from '../../docker/dockerfile-problems';
import { allowed } from '../../docker/image-folder';
import { allocatorSettings } from '../../support/worker-process';

const sound = [
  'ARG VERSION=24.19.0',
  'FROM node:${VERSION}-bookworm-slim AS build',
  'RUN npm ci',
  'FROM build AS runtime',
  'USER node',
  'HEALTHCHECK CMD ["node", "-e", "0"]',
  'CMD ["node", "main.js"]',
].join('\n');

describe('the check of a Dockerfile', () => {
  test('has nothing to say to a sound one', () => {
    expect(dockerfileProblems(sound)).toEqual([]);
  });

  test.each([
    ['an unknown instruction', ['RUN npm ci', 'RUNN npm ci'], 'Unknown instruction: RUNN'],
    ['an instruction in small letters', ['RUN npm ci', 'run npm ci'], 'uppercase'],
    ['a second CMD', ['USER node', 'USER node\nCMD ["a"]'], 'CMD'],
    ['a folder that depends on where one is', ['RUN npm ci', 'WORKDIR app'], 'absolute'],
    ['a base that moves', ['ARG VERSION=24.19.0', 'ARG VERSION=24'], 'pin all three numbers'],
    ['a base without a version', ['node:${VERSION}-bookworm-slim', 'node'], 'pin all three numbers'],
    ['a last stage as root', ['USER node', 'USER root'], 'runs as root'],
    ['a user of another stage only', ['USER node\n', ''], 'runs as root'],
    ['no health check', ['HEALTHCHECK CMD ["node", "-e", "0"]\n', ''], 'no HEALTHCHECK'],
    ['a program behind a shell', ['CMD ["node", "main.js"]', 'CMD node main.js'], 'runs in a shell'],
    ['a program behind npm', ['["node", "main.js"]', '["npm", "start"]'], 'does not hand SIGTERM on'],
    ['nothing to start', ['\nCMD ["node", "main.js"]', ''], 'starts nothing'],
  ] as const)('names %s', (_, [from, to], problem) => {
    const broken = sound.replace(from, to);
    expect(broken).not.toBe(sound);
    expect(dockerfileProblems(broken).join('\n')).toContain(problem);
  });
});

test('the Dockerfile has nothing wrong that can be seen without an engine', () => {
  const file = join(__dirname, '..', '..', '..', 'Dockerfile');
  expect(dockerfileProblems(readFileSync(file, 'utf8'))).toEqual([]);
});

test('image, npm run worker and tests give the allocator the same, or memory would be measured that nobody has', () => {
  const root = join(__dirname, '..', '..', '..');
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: { worker: string } };
  const image = readFileSync(join(root, 'Dockerfile'), 'utf8');
  for (const [name, value] of Object.entries(allocatorSettings)) {
    expect(image).toContain(`ENV ${name}=${value}\n`);
    expect(scripts.worker).toContain(`${name}=${value} node`);
  }
});

describe('.dockerignore', () => {
  const ignore = readFileSync(join(__dirname, '..', '..', '..', '.dockerignore'), 'utf8');

  test('lets through what is named, and so neither secrets, nor this machine, nor tests', () => {
    expect(allowed(ignore)).toEqual(expect.arrayContaining(['package.json', 'package-lock.json', 'worker']));
    for (const name of ['.env', '.git', 'node_modules', 'dist', 'test', '.slipstream'])
      expect(allowed(ignore)).not.toContain(name);
  });

  test('lets through whatever its sources import of each other, or the image would not compile', () => {
    const root = join(__dirname, '..', '..', '..');
    const names = allowed(ignore);
    const isInside = (file: string) => names.some((name) => file === name || file.startsWith(`${name}/`));
    const sources = names
      .filter((name) => !name.includes('.'))
      .flatMap((name) =>
        readdirSync(join(root, name), { recursive: true, encoding: 'utf8' }).map((file) => `${name}/${file}`),
      )
      .filter((file) => file.endsWith('.ts'));
    expect(sources.length).toBeGreaterThan(100);
    const outside = sources.flatMap((file) =>
      [...readFileSync(join(root, file), 'utf8').matchAll(/from '(\.[^']+)'/g)]
        .map(([, path]) => join(dirname(file), path ?? ''))
        .filter((imported) => !isInside(imported))
        .map((imported) => `${file} imports ${imported}`),
    );
    expect(outside).toEqual([]);
  });

  test.each([['node_modules\n.env\n'], ['*\n!a*\n'], ['']])('must be such a list, which %j is not', (text) => {
    expect(() => allowed(text)).toThrow('begin with *');
  });
});
