import { translateSourceError } from '../../../../capture/source/connection';
import { Blocked } from '../../../../model/errors';

const error = (code: string, message = 'what the server said') => Object.assign(new Error(message), { code });

describe('translateSourceError', () => {
  it.each([
    'ECONNREFUSED',
    'ECONNRESET',
    'EPIPE',
    '57P01',
    '57P03',
    '53300',
    '08006',
    '55P03',
    '55006',
    '40001',
    '28P01',
    '28000',
  ])('%s passes by itself', (code) => expect(translateSourceError(error(code)).name).toBe('Unavailable'));

  it.each(['3D000', '42501', '25006'])('%s is a matter of configuration', (code) =>
    expect(translateSourceError(error(code)).name).toBe('InvalidConfig'),
  );

  it.each<[string, Error, string]>([
    ['a lost connection', new Error('Connection terminated unexpectedly'), 'Unavailable'],
    ['wal_level', error('55000', 'logical decoding requires "wal_level" >= "logical"'), 'InvalidConfig'],
    ['a standby', error('55000', 'recovery is in progress'), 'InvalidConfig'],
    ['one of ours', new Blocked('schema-changed', 'x'), 'Blocked'],
    ['a bug', new TypeError('x'), 'TypeError'],
  ])('%s', (_case, given, name) => expect(translateSourceError(given).name).toBe(name));
});
