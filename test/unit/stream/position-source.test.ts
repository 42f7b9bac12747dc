import type { KafkaMessage } from 'kafkajs';
import type { PositionRecord } from '../../../stream/log';
import { createPositionEncoder } from '../../../stream/position-changes';
import { PositionSource } from '../../../stream/position-source';

const ends = (last: number) =>
  Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`shop.t${at}`, { '0': String(at === 0 ? last : 1) }]));

/** Forty records of one writer, at every second offset: whole ones at 0 and 66, and what has changed since. */
const log: readonly KafkaMessage[] = (() => {
  const encoder = createPositionEncoder();
  return Array.from({ length: 40 }, (_, at) => {
    const record: PositionRecord = {
      ...{ version: 1, logId: 'log', systemId: '7', timeline: 1, closed: true, copies: {}, committedAt: 1 },
      ...{ position: { lsn: String(at), index: 0 }, ends: ends(at) },
    };
    const offset = String(at * 2);
    const { key, value } = encoder.encode(record);
    encoder.committed(offset);
    return { key, value, offset, timestamp: '1', attributes: 0, headers: {} };
  });
})();

const found = (since: string) => log.find(({ offset }) => offset === since) ?? null;

function world({
  wantedFrom = 0,
  isThere = () => true,
  insteadOf = found,
}: { wantedFrom?: number; isThere?: () => boolean; insteadOf?: typeof found } = {}) {
  const seen: string[] = [];
  const asked: string[] = [];
  const source = new PositionSource({
    topic: 'shop.positions',
    readBase: async (since) => {
      asked.push(since);
      return isThere() ? insteadOf(since) : null;
    },
    wantedFrom: () => wantedFrom,
    onRecord: (record, { offset }) =>
      seen.push(`${offset}: ${record.ends['shop.t0']?.['0']} of ${Object.keys(record.ends).length}`),
    onPassed: (offset, high) => seen.push(`passed ${offset} of ${high}`),
  });
  return { source, seen, asked, settle: () => source.settle(new AbortController().signal) };
}

const of = (at: number, topics = 40) => `${at * 2}: ${at} of ${topics}`;

it('from the first record on nothing waits', () => {
  const { source, seen, asked } = world();
  source.take(log.slice(0, 3));
  source.pass(6, 6);
  expect(seen).toEqual([of(0), of(1), of(2), 'passed 6 of 6']);
  expect(asked).toEqual([]);
});

it('what begins in the middle waits for what it builds upon, all of it in its order, and the end behind it', async () => {
  const { source, seen, asked, settle } = world();
  source.take(log.slice(5, 7));
  source.pass(14, 80);
  source.take(log.slice(7, 8));
  source.pass(16, 16);
  expect(source.waiting).toBe(true);
  // That there is more is known: nobody takes this for the end.
  expect(seen).toEqual(['passed 10 of 80', 'passed 10 of 16']);
  await settle();
  expect(seen.slice(2)).toEqual([of(5), of(6), of(7), 'passed 16 of 16']);
  expect(asked).toEqual(['0']);
  source.take(log.slice(8, 9));
  source.pass(18, 18);
  expect(seen.slice(6)).toEqual([of(8), 'passed 18 of 18']);
});

it('the record that a lane stands at says enough by itself', () => {
  const { source, seen } = world({ wantedFrom: 11 });
  source.take(log.slice(5, 6));
  source.pass(12, 12);
  expect(source.waiting).toBe(false);
  expect(seen).toEqual([of(5, 1), 'passed 12 of 12']);
});

it('where compaction has taken what the first ones build upon, they are passed over, and the next whole one is not', async () => {
  const { source, seen, asked, settle } = world({ isThere: () => false });
  source.take(log.slice(31, 32));
  source.pass(64, 80);
  await settle();
  source.take(log.slice(32, 35));
  source.pass(70, 70);
  expect(seen).toEqual(['passed 62 of 80', 'passed 64 of 80', of(33), of(34), 'passed 70 of 70']);
  expect(asked).toEqual(['0']);
});

it('an end of the log that builds upon what was deleted is Blocked', async () => {
  const { source, settle } = world({ isThere: () => false });
  source.take(log.slice(31, 32));
  source.pass(64, 64);
  await expect(settle()).rejects.toMatchObject({ name: 'Blocked', reason: 'log-truncated' });
});

it('what builds upon a record that is not whole is Blocked', async () => {
  const { source, settle } = world({ insteadOf: () => log[1] ?? null });
  source.take(log.slice(5, 6));
  await expect(settle()).rejects.toMatchObject({ name: 'Blocked', reason: 'log-truncated' });
});

it('nothing is handed over once nobody asks any more, and a failure is the one who waits’', async () => {
  const ended = world();
  ended.source.take(log.slice(5, 6));
  await ended.source.settle(AbortSignal.abort());
  expect(ended.seen).toEqual([]);
  const failing = world({
    isThere: () => {
      throw new Error('no broker');
    },
  });
  failing.source.take(log.slice(5, 6));
  await expect(failing.settle()).rejects.toThrow('no broker');
  expect(failing.seen).toEqual([]);
});
