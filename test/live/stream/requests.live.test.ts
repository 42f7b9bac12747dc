import type { ProducerKind } from '../../../model/settings';
import type { EncodedRecord } from '../../../stream/log';
import { closing, LogFixture } from './log-fixture';
import { requests, tamperedSockets, type Tampering } from './tampered-sockets';

jest.setTimeout(180_000);

const { findCoordinator, addPartitions, produce, endTransaction } = requests;
const counted: readonly number[] = [findCoordinator, addPartitions, produce, endTransaction];

/** What a second append of some records asks the brokers for, its tries after "wait for the last transaction" counted once. */
async function asked(
  producer: ProducerKind,
  {
    before = (log) => log.records(4),
    first = () => ({ kind: 'pass' }),
  }: { before?: (log: LogFixture) => EncodedRecord[]; first?: (request: number) => Tampering } = {},
) {
  const log = await LogFixture.create(['public.a'], 2, producer);
  try {
    const seen: number[] = [];
    let armed = false;
    const socketFactory = tamperedSockets((request) => {
      if (!armed) return { kind: 'pass' };
      const again = request === addPartitions && seen.at(-1) === request;
      if (counted.includes(request) && !again) seen.push(request);
      return first(request);
    });
    const writer = await log.writer({ kafka: log.kafka({ socketFactory }) });
    await writer.append(before(log), closing(10));
    armed = true;
    const record = await writer.append(log.records(4, 4), closing(20));
    expect(record.position.lsn).toBe('20');
    return seen;
  } finally {
    await log.close();
  }
}

test('an append is three steps: its partitions, its records with its position, its end', async () => {
  expect(await asked('fast')).toEqual([addPartitions, produce, endTransaction]);
});

test('four where nothing was appended to a partition before: the position waits for where the records landed', async () => {
  const before = (log: LogFixture) => log.records(1);
  expect(await asked('fast', { before })).toEqual([addPartitions, produce, produce, endTransaction]);
});

test('control: without the short way the coordinator is looked for before each request to it', async () => {
  const seen = await asked('stock');
  expect(seen.filter((request) => request === findCoordinator).length).toBeGreaterThan(1);
});

test('a broker that says it does not coordinate any more is asked no further: another is looked for', async () => {
  const notCoordinator = 16;
  let answered = false;
  const first = (request: number): Tampering =>
    request === addPartitions && !answered
      ? { kind: 'answer-error', code: notCoordinator, replaced: () => (answered = true) }
      : { kind: 'pass' };
  const seen = await asked('fast', { first });
  expect(answered).toBe(true);
  expect(seen).toEqual([addPartitions, findCoordinator, addPartitions, produce, endTransaction]);
});
