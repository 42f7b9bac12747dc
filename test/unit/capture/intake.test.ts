import { createIntake } from '../../../capture/intake';
import { createPending } from '../../../capture/pending';
import { wal } from './wal-bytes';

const table = {
  ...{ name: 'public.docs', relationId: 7, columns: [], key: ['id'], replicaIdentity: 'f' as const },
  estimatedRows: -1,
};

function intake() {
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
    pending: createPending(),
    copy: { begin: nothing, touched: nothing, truncated: nothing, watches: () => false, closed: nothing },
    pause: nothing,
    wake: nothing,
  });
}

it('refuses a row that a worker could not hold, by its table, before it is decoded', () => {
  const bytes = Buffer.alloc(137 * 1024 * 1024);
  wal.insert(7, []).copy(bytes);
  expect(() => intake().handlers.onMessage(bytes)).toThrow(
    expect.objectContaining({
      reason: 'oversized',
      message: expect.stringContaining(`sent ${bytes.length} bytes at once for a row of public.docs`) as string,
    }) as Error,
  );
});
