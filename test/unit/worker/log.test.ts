import { Blocked, Unavailable } from '../../../model/errors';
import type { LogLevel } from '../../../model/log';
import { createLog } from '../../../worker/log';

function logging(level: LogLevel) {
  const lines: Record<string, unknown>[] = [];
  const output = { write: (text: string) => void lines.push(JSON.parse(text) as Record<string, unknown>) };
  return { log: createLog(level, output), lines };
}

it('a line is one JSON object: time, level, process, message, fields', () => {
  const { log, lines } = logging('info');
  log('info', 'slice ended', { pipeline: 'shop', count: 3 });
  expect(lines).toEqual([
    {
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
      pid: process.pid,
      pipeline: 'shop',
      count: 3,
      message: 'slice ended',
    },
  ]);
});

it('lines below the level are not written', () => {
  const { log, lines } = logging('warn');
  for (const level of ['debug', 'info', 'warn', 'error'] as const) log(level, level, {});
  expect(lines.map(({ message }) => message)).toEqual(['warn', 'error']);
});

it('passwords are taken out of messages, fields and errors', () => {
  const { log, lines } = logging('info');
  const url = 'postgres://shop:hunter2@db:5432/shop';
  log('info', `connecting to ${url}`, {
    url: 'hunter2',
    place: url,
    store: { password: 'hunter2' },
    error: new Unavailable(`no answer from ${url}`, { cause: new Error(url) }),
  });
  expect(JSON.stringify(lines)).not.toContain('hunter2');
  expect(lines[0]).toMatchObject({ place: 'postgres://shop:[secret]@db:5432/shop', url: '[secret]' });
});

describe('errors', () => {
  const described = (error: Error) => {
    const { log, lines } = logging('info');
    log('error', 'failed', { error });
    return lines[0]?.['error'];
  };

  it('ours are shown with what they say, and need no stack', () => {
    expect(described(new Blocked('slot-lost', 'The slot is gone.'))).toEqual({
      type: 'Blocked',
      reason: 'slot-lost',
      message: 'The slot is gone.',
    });
  });

  it('what a program or the network says is shown, with where it was thrown', () => {
    const at = expect.arrayContaining([expect.stringMatching(/^at /)]) as string[];
    expect(described(new TypeError('x is not a function'))).toEqual({
      type: 'TypeError',
      message: 'x is not a function',
      at,
    });
    const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:9'), {
      code: 'ECONNREFUSED',
      syscall: 'connect',
    });
    expect(described(refused)).toEqual({ type: 'Error', code: 'ECONNREFUSED', message: refused.message, at });
  });

  it.each([
    [
      'a server’s',
      Object.assign(new Error('invalid input: "Lovelace"'), { name: 'error', code: '22P02', detail: '(Lovelace)' }),
    ],
    [
      'an index’s',
      Object.assign(new Error('failed to parse: Lovelace'), { name: 'ResponseError', meta: { body: 'Lovelace' } }),
    ],
    ['JSON’s', parseError('{"name":Lovelace}')],
    ['a many-lined', Object.assign(new Error('bad\n    at Lovelace'), { code: 'X', detail: 1 })],
    ['one with more than a message', Object.assign(new Error('Lovelace'), { detail: 'Lovelace' })],
  ])('%s message may quote a row, and stays out, its first line in the stack included', (_, error) => {
    expect(error.message).toContain('Lovelace');
    expect(JSON.stringify(described(error))).not.toContain('Lovelace');
    expect(described(error)).toMatchObject({ type: error.name });
  });
});

function parseError(text: string): Error {
  try {
    JSON.parse(text);
  } catch (error) {
    return error as Error;
  }
  throw new Error('it was JSON');
}
