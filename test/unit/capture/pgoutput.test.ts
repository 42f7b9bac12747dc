import { decodeWalMessage } from '../../../capture/pgoutput';
import { wal } from './wal-bytes';

const row = ['1', null, undefined, 'ä€'];

describe('decodeWalMessage', () => {
  it('reads ids as unsigned, LSNs with all 64 bits, times in milliseconds since 1970', () => {
    expect(decodeWalMessage(wal.begin(0xfedcba9876543210n - 2n ** 64n, 0xfffffff0, 1_234_567n))).toEqual({
      kind: 'begin',
      commitLsn: 0xfedcba9876543210n,
      committedAt: 946_684_801_234,
      xid: 0xfffffff0,
    });
    expect(decodeWalMessage(wal.commit(5n, 9n))).toMatchObject({ kind: 'commit', commitLsn: 5n, endLsn: 9n });
  });

  it.each([
    [wal.insert(4_000_000_000, row), { kind: 'insert', relationId: 4_000_000_000, after: row }],
    [wal.update(7, row), { kind: 'update', relationId: 7, before: null, after: row }],
    [
      wal.update(7, row, { kind: 'O', row: ['0'] }),
      { kind: 'update', relationId: 7, before: { kind: 'row', values: ['0'] }, after: row },
    ],
    [
      wal.update(7, row, { kind: 'K', row: ['0'] }),
      { kind: 'update', relationId: 7, before: { kind: 'key', values: ['0'] }, after: row },
    ],
    [
      wal.delete(7, { kind: 'K', row: ['0', null] }),
      { kind: 'delete', relationId: 7, before: { kind: 'key', values: ['0', null] } },
    ],
    [wal.truncate(7, 8), { kind: 'truncate', relationIds: [7, 8] }],
    [Buffer.from('Yxxxx'), { kind: 'other' }],
    [Buffer.from('Oxxxx'), { kind: 'other' }],
    [
      wal.message('m', Buffer.from([0, 255]), { lsn: 9n, transactional: true }),
      { kind: 'message', transactional: true, lsn: 9n, prefix: 'm', content: Buffer.from([0, 255]) },
    ],
    [
      wal.message('', Buffer.alloc(0), { lsn: 9n, transactional: false }),
      { kind: 'message', transactional: false, lsn: 9n, prefix: '', content: Buffer.alloc(0) },
    ],
    [
      wal.relation(7, 'items', [
        ['id', 23],
        ['note', 25, false],
      ]),
      {
        kind: 'relation',
        relation: {
          relationId: 7,
          schema: 'public',
          table: 'items',
          columns: [
            { identity: true, name: 'id', typeId: 23, typeModifier: -1 },
            { identity: false, name: 'note', typeId: 25, typeModifier: -1 },
          ],
        },
      },
    ],
  ])('reads message %#', (bytes, expected) => {
    expect(decodeWalMessage(bytes)).toEqual(expected);
  });

  it('keeps nothing of the buffer it was given', () => {
    const bytes = wal.insert(7, ['kept']);
    const message = decodeWalMessage(bytes);
    bytes.fill(0);
    expect(message).toMatchObject({ after: ['kept'] });
  });

  it('refuses every message that is cut short, and unknown ones, without quoting them', () => {
    const whole = wal.update(7, ['secret', 'secret'], { kind: 'O', row: ['secret'] });
    for (let length = 0; length < whole.length; length += 1) {
      expect(() => decodeWalMessage(whole.subarray(0, length))).toThrow(/^A pgoutput message (?!.*secret)/);
    }
    expect(() => decodeWalMessage(Buffer.from('Z'))).toThrow(
      expect.objectContaining({ reason: 'undecodable' }) as Error,
    );
    expect(() => decodeWalMessage(Buffer.concat([Buffer.from('I'), Buffer.alloc(4), Buffer.from('X')]))).toThrow();
  });
});
