import { createIntake } from '../../../capture/intake';
import { createPending, unitBounds } from '../../../capture/pending';
import { listed } from '../../../stream/supply';
import { wal } from './wal-bytes';

const table = {
  ...{ name: 'public.docs', relationId: 7, columns: [], key: ['id'], replicaIdentity: 'f' as const },
  estimatedRows: -1,
};

function intake(pending = createPending()) {
  const nothing = () => undefined;
  return createIntake({
    layouts: { knows: () => true, learn: async () => undefined, of: () => null },
    readBack: false,
    described: () => undefined,
    tables: [table],
    last: {
      ...{ version: 1, logId: 'l', systemId: 's', timeline: 1, position: { lsn: '0', index: 0 }, closed: true },
      ...{ ends: {}, copies: {}, committedAt: 0 },
    },
    encode: () => [],
    messages: { asked: false, counts: () => false },
    straight: { describe: nothing, encode: () => null },
    encodeMessage: () => null,
    pending,
    copy: { begin: nothing, touched: nothing, truncated: nothing, watches: () => false, closed: nothing },
    pause: nothing,
    wake: nothing,
  });
}

it('refuses a row that a worker could not hold, by its table, of which the first bytes are all that was read', () => {
  const bytes = 137 * 1024 * 1024;
  expect(intake().handlers.onOversized(wal.insert(7, []), bytes)).toMatchObject({
    reason: 'oversized',
    message: expect.stringContaining(`sent ${bytes} bytes at once for a row of public.docs`) as string,
  });
});

it('under a backlog each unit is a full one, and the stream is read again while it is appended', () => {
  const pending = createPending();
  const taking = intake(pending);
  const value = Buffer.alloc(700);
  let changes = 0;
  /** Transactions of ten, while the socket is read. */
  const read = () => {
    while (!taking.full) {
      const lsn = String(1_000 + Math.floor(changes / 10));
      pending.addChange([{ topic: 't', partition: 0, key: Buffer.alloc(10), value }], { lsn, index: 1 });
      changes += 1;
      if (changes % 10 === 0) pending.close(lsn, 0);
    }
  };
  read();
  for (let appends = 0; appends < 12; appends += 1) {
    const unit = pending.take({ positionOnly: false });
    const bytes =
      unit && listed(unit.records).reduce((sum, record) => sum + record.key.length + (record.value?.length ?? 0), 0);
    expect(bytes).toBeGreaterThan(0.9 * unitBounds.bytes);
    expect(taking.full).toBe(false);
    read(); // while Kafka answers
  }
});
