import type { Position } from '../../../model/position';
import { relation, run } from './run-transactions';
import { wal } from './wal-bytes';

describe('logical messages', () => {
  const inside = (content: string) => wal.message('m', Buffer.from(content), { lsn: 5n, transactional: true });
  const alone = (lsn: bigint) => wal.message('m', Buffer.from('x'), { lsn, transactional: false });
  const between = [
    wal.begin(10n, 5),
    inside('one'),
    relation,
    wal.insert(7, ['1', 'a']),
    inside('two'),
    inside('three'),
    wal.insert(7, ['2', 'b']),
    wal.commit(10n, 12n),
  ];

  it('stand among the changes of their transaction, and count with them', () => {
    expect(run(between).out.filter((line) => /@/.test(line))).toEqual([
      'm: one @10/1 of 5',
      'create 1 @10/2',
      'm: two @10/3 of 5',
      'm: three @10/4 of 5',
      'create 2 @10/5',
    ]);
  });

  it.each([0, 1, 2, 3, 4, 5])('come once when the log ends at the change %d', (index) => {
    const all = run(between).out.filter((line) => /@/.test(line));
    expect(run(between, { lsn: '10', index }).out.filter((line) => /@/.test(line))).toEqual(all.slice(index));
  });

  it('are passed over, uncounted, in a transaction that was begun without them, and only there', () => {
    const next = [wal.begin(20n, 6), inside('four'), wal.insert(7, ['3', 'c']), wal.commit(20n, 22n)];
    const { out } = run([...between, ...next], { lsn: '10', index: 1 }, (lsn) => lsn !== '10');
    expect(out.filter((line) => /@/.test(line))).toEqual(['create 2 @10/2', 'm: four @20/1 of 6', 'create 3 @20/2']);
  });

  it('by themselves stand at their own LSN, closed by the next one', () => {
    expect(run([alone(7n), wal.begin(10n, 5), wal.commit(10n, 12n), alone(12n)]).out).toEqual([
      'm: x @7/1 of none',
      'closed 8 keepalive',
      'begin 5',
      'closed 12',
      'm: x @12/1 of none',
      'closed 13 keepalive',
    ]);
  });

  it.each<[Position, boolean]>([
    [{ lsn: '6', index: 3 }, true],
    [{ lsn: '7', index: 0 }, true],
    [{ lsn: '7', index: 1 }, false],
    [{ lsn: '8', index: 0 }, false],
    [{ lsn: '9', index: 4 }, false],
  ])('by themselves, after the log ended at %j: new is %s', (last, isNew) => {
    expect(run([alone(7n)], last).out.some((line) => line.startsWith('m: x'))).toBe(isNew);
  });

  it('by themselves never stand inside a transaction', () => {
    expect(() => run([wal.begin(10n, 5), alone(7n)])).toThrow('out of order');
  });
});
