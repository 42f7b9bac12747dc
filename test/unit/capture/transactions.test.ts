import type { Change } from '../../../model/change';
import type { Position } from '../../../model/position';
import { relation, run } from './run-transactions';
import { wal } from './wal-bytes';

const O = (...row: (string | null | undefined)[]) => ({ kind: 'O' as const, row });
const K = (...row: (string | null | undefined)[]) => ({ kind: 'K' as const, row });

describe('createTransactions', () => {
  it('counts changes from 1 under the commit LSN, and closes at the end LSN', () => {
    const { out } = run([
      wal.begin(10n, 5),
      relation,
      wal.insert(7, ['1', 'a']),
      wal.delete(7, O('1', 'a')),
      wal.commit(10n, 12n),
    ]);
    expect(out).toEqual([
      'begin 5',
      'described',
      'touched 1',
      'create 1 @10/1',
      'touched 1',
      'delete 1 @10/2',
      'closed 12',
    ]);
  });

  it('makes a key change a delete and a create, with the rows on either side', () => {
    const { out, changes } = run([
      wal.begin(10n, 5),
      relation,
      wal.update(7, ['2', undefined], O('1', 'long')),
      wal.commit(10n, 12n),
    ]);
    expect(out.filter((line) => line.includes('@'))).toEqual(['delete 1 @10/1', 'create 2 @10/2']);
    expect(changes.map(({ before, after }) => ({ before, after }))).toEqual([
      { before: { id: 1, note: 'long' }, after: null },
      { before: null, after: { id: 2, note: 'long' } },
    ]);
  });

  it.each<[string, Buffer, Partial<Change>]>([
    [
      'an old row completes the new one',
      wal.update(7, ['1', undefined], O('1', 'long')),
      { operation: 'update', before: { id: 1, note: 'long' }, after: { id: 1, note: 'long' } },
    ],
    [
      'a NULL in the old row is a value',
      wal.update(7, ['1', undefined], O('1', null)),
      { after: { id: 1, note: null } },
    ],
    [
      'no old row: before is unknown',
      wal.update(7, ['1', 'b']),
      { operation: 'update', before: null, after: { id: 1, note: 'b' } },
    ],
    [
      'an old key alone',
      wal.update(7, ['1', 'b'], K('1', null)),
      { operation: 'update', before: null, after: { id: 1, note: 'b' } },
    ],
    ['a delete by key', wal.delete(7, K('1', null)), { operation: 'delete', key: { id: 1 }, before: { id: 1 } }],
  ])('%s', (_case, message, expected) => {
    expect(
      run([
        wal.begin(10n, 5),
        wal.relation(7, 'items', [
          ['id', 23],
          ['note', 25, false],
        ]),
        message,
      ]).changes,
    ).toMatchObject([expected]);
  });

  it.each([
    ['without an old row', wal.update(7, ['1', undefined])],
    ['with an old key, whose other columns are not values', wal.update(7, ['1', undefined], K('1', null))],
  ])('blocks on a long value that cannot be had: %s', (_case, message) => {
    const described = wal.relation(7, 'items', [
      ['id', 23],
      ['note', 25, false],
    ]);
    expect(() => run([wal.begin(10n, 5), described, message])).toThrow(/REPLICA IDENTITY/);
  });

  it.each<[string, Position, string[]]>([
    ['before it', { lsn: '9', index: 0 }, ['create 1 @10/1', 'create 2 @10/2']],
    ['at its first change', { lsn: '10', index: 1 }, ['create 2 @10/2']],
    ['at its last change', { lsn: '10', index: 2 }, []],
    ['at its end', { lsn: '12', index: 0 }, []],
    ['closed exactly where it commits', { lsn: '10', index: 0 }, ['create 1 @10/1', 'create 2 @10/2']],
  ])('with the log %s, what is known is skipped and yet touched', (_case, last, expected) => {
    const { out } = run(
      [wal.begin(10n, 5), relation, wal.insert(7, ['1', 'a']), wal.insert(7, ['2', 'b']), wal.commit(10n, 12n)],
      last,
    );
    expect(out.filter((line) => line.includes('@'))).toEqual(expected);
    expect(out.filter((line) => line.startsWith('touched'))).toEqual(['touched 1', 'touched 2']);
    expect(out.includes('closed 12')).toBe(last.lsn !== '12');
  });

  it('counts changes of tables it does not follow', () => {
    const other = wal.relation(8, 'other', [['id', 23]]);
    expect(run([wal.begin(10n, 5), other, wal.insert(8, ['1']), relation, wal.insert(7, ['1', 'a'])]).out).toContain(
      'create 1 @10/2',
    );
  });

  it('takes a keepalive for a closed point only outside a transaction, and only when it moves', () => {
    expect(run([5n, 5n, 4n, wal.begin(10n, 5), 11n, wal.commit(10n, 12n), 12n, 13n]).out).toEqual([
      'closed 5 keepalive',
      'begin 5',
      'closed 12',
      'closed 13 keepalive',
    ]);
  });

  it.each<[string, Buffer[], string]>([
    ['a change before its description', [wal.insert(7, ['1', 'a'])], 'undecodable'],
    ['a transaction inside a transaction', [wal.begin(11n, 6)], 'undecodable'],
  ])('blocks on %s', (_case, messages, reason) => {
    expect(() => run([wal.begin(10n, 5), ...messages])).toThrow(
      expect.objectContaining({ name: 'Blocked', reason }) as Error,
    );
  });

  it.each<[string, Position, string[]]>([
    ['before it', { lsn: '9', index: 0 }, ['create 1 @10/1', 'truncation @10/3', 'create 2 @10/4']],
    ['in the middle of it', { lsn: '10', index: 2 }, ['truncation @10/3', 'create 2 @10/4']],
    ['past it', { lsn: '10', index: 3 }, ['create 2 @10/4']],
  ])('a truncate takes one position for each table; with the log %s', (_case, last, expected) => {
    const truncate = wal.truncate(8, 7);
    const messages = [wal.begin(10n, 5), relation, wal.insert(7, ['1', 'a']), truncate, wal.insert(7, ['2', 'b'])];
    const { out } = run(messages, last);
    expect(out.filter((line) => line.includes('@'))).toEqual(expected);
    expect(out.filter((line) => line.startsWith('truncated'))).toEqual(['truncated public.items']);
  });

  it('reads each row in the layout that was described last, and names its version', () => {
    const { changes } = run([
      wal.begin(10n, 5),
      relation,
      wal.insert(7, ['1', 'a']),
      wal.relation(7, 'renamed', [
        ['note', 25],
        ['id', 23],
        ['more', 23],
      ]),
      wal.insert(7, ['b', '2', '3']),
      wal.relation(7, 'items', [['id', 23]]),
      wal.delete(7, O('2')),
    ]);
    expect(changes.map(({ table, key, after }) => ({ table, key, after }))).toEqual([
      { table: 'public.items', key: { id: 1 }, after: { id: 1, note: 'a' } },
      { table: 'public.items', key: { id: 2 }, after: { note: 'b', id: 2, more: 3 } },
      { table: 'public.items', key: { id: 2 }, after: null },
    ]);
    expect(new Set(changes.map(({ schemaId }) => schemaId)).size).toBe(3);
  });

  it('blocks on a change outside any transaction', () => {
    expect(() => run([relation, wal.insert(7, ['1', 'a'])])).toThrow(
      expect.objectContaining({ reason: 'undecodable' }) as Error,
    );
  });
});
