import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { isInstalled } from '../../../stack/bootstrap';
import { choosePort } from '../../../stack/servers/ports';
import { answersAt } from '../../../stack/servers/probe';
import { selectTests } from '../../../stack/test-selection';

describe('node_modules is up to date', () => {
  const wanted = {
    '': {},
    'node_modules/a': { version: '1.0.0' },
    'node_modules/b': { version: '2.0.0', optional: true },
  };

  test.each([
    [
      'when all that is wanted is there',
      { 'node_modules/a': { version: '1.0.0' }, 'node_modules/b': { version: '2.0.0' } },
      true,
    ],
    ['without an optional package of another platform', { 'node_modules/a': { version: '1.0.0' } }, true],
    ['not with another version', { 'node_modules/a': { version: '1.0.1' } }, false],
    ['not with a package missing', { 'node_modules/b': { version: '2.0.0' } }, false],
    ['not when npm has never finished', undefined, false],
  ])('%s', (_, installed, expected) => {
    expect(isInstalled(wanted, installed)).toBe(expected);
  });
});

describe('npm test', () => {
  const all = ['postgres', 'kafka', 'elasticsearch', 'redis', 'temporal'];

  test.each([
    ['without arguments: everything', [], [], all],
    ['unit tests need no server', ['unit'], ['--selectProjects', 'unit'], []],
    [
      'workflow tests need Temporal alone',
      ['unit', 'workflow'],
      ['--selectProjects', 'unit', 'workflow'],
      ['temporal'],
    ],
    [
      "Jest's own form of the same",
      ['--selectProjects', 'unit', '-t', 'x'],
      ['-t', 'x', '--selectProjects', 'unit'],
      [],
    ],
    ['other arguments go to Jest', ['live', '-t', 'copy'], ['-t', 'copy', '--selectProjects', 'live'], all],
    ['a test by its path may be a live one', ['test/live/x.live.test.ts'], ['test/live/x.live.test.ts'], all],
  ])('%s', (_, args, jestArgs, parts) => {
    expect(selectTests(args)).toEqual({ jestArgs, parts });
  });
});

/** A server that gives one answer to whatever it is asked. */
async function answering<T>(answer: Buffer, body: (port: number) => Promise<T>): Promise<T> {
  const server = createServer((socket) => socket.once('data', () => socket.end(answer)).on('error', () => undefined));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await body((server.address() as AddressInfo).port);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

describe('PostgreSQL answers', () => {
  const error = (code: string, message: string) => {
    const fields = Buffer.from(`SFATAL\0C${code}\0M${message}\0\0`);
    const head = Buffer.alloc(5);
    head.write('E');
    head.writeInt32BE(fields.length + 4, 1);
    return Buffer.concat([head, fields]);
  };

  test.each([
    ['when it asks for a password', Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]), undefined],
    ['when it refuses the user', error('28000', 'no entry'), undefined],
    ['not while it starts', error('57P03', 'the database system is starting up'), 'the database system is starting up'],
    [
      'not when it is something else',
      Buffer.from('HTTP/1.1 400 Bad Request'),
      'something else than PostgreSQL answers',
    ],
  ])('%s', async (_, answer, problem) => {
    await answering(answer, async (port) => {
      expect(await answersAt('postgres', `postgres://127.0.0.1:${port}/shop`)).toBe(problem);
    });
  });
});

describe('Redis answers', () => {
  test.each([
    ['when it says PONG', '+PONG\r\n', undefined],
    ['when it asks for a password', '-NOAUTH Authentication required.\r\n', undefined],
    ['not while it reads its file', '-LOADING Redis is loading\r\n', 'LOADING Redis is loading'],
    ['not when it is something else', 'HTTP/1.1 400 Bad Request\r\n', 'something else than Redis answers'],
  ])('%s', async (_, answer, problem) => {
    await answering(Buffer.from(answer), async (port) => {
      expect(await answersAt('redis', `redis://127.0.0.1:${port}`)).toBe(problem);
    });
  });
});

test('of several Kafka brokers one is enough', async () => {
  const answer = Buffer.alloc(10);
  answer.writeInt32BE(6, 0);
  await answering(answer, async (port) => {
    // Not our correlation id: whoever answers so is no Kafka.
    expect(await answersAt('kafka', `127.0.0.1:1, 127.0.0.1:${port}`)).toBe('something else than Kafka answers');
  });
});

test('a port that is taken, or promised to another part, is not chosen', async () => {
  await answering(Buffer.alloc(0), async (port) => {
    const taken = new Set<number>();
    const chosen = await choosePort([port], taken);
    expect(chosen).not.toBe(port);
    expect(await choosePort([chosen], taken)).not.toBe(chosen);
  });
});
