import type { ProducerKind } from '../../../model/settings';
import { closing, LogFixture } from './log-fixture';
import { requests, tamperedSockets, type Tampering } from './tampered-sockets';

jest.setTimeout(180_000);

const { findCoordinator, addPartitions, produce, endTransaction } = requests;
const counted: readonly number[] = [findCoordinator, addPartitions, produce, endTransaction];

/** What an append of some records asks the brokers for, its tries after "wait for the last transaction" counted once. */
async function asked(producer: ProducerKind, first: (request: number) => Tampering = () => ({ kind: 'pass' })) {
  const log = await LogFixture.create(['public.a'], 2, producer);
  try {
    const seen: number[] = [];
    let armed = false;
    const socketFactory = tamperedSockets((request) => {
      if (!armed) return { kind: 'pass' };
      if (counted.includes(request) && seen.at(-1) !== request) seen.push(request);
      return first(request);
    });
    const writer = await log.writer({ kafka: log.kafka({ socketFactory }) });
    await writer.append(log.records(4), closing(10));
    armed = true;
    const record = await writer.append(log.records(4, 4), closing(20));
    expect(record.position.lsn).toBe('20');
    return seen;
  } finally {
    await log.close();
  }
}

test('an append is four steps: its partitions, its records, its position, its end', async () => {
  // Records and position are two requests of one kind, one behind the other.
  expect(await asked('fast')).toEqual([addPartitions, produce, endTransaction]);
});

test('control: without the short way the coordinator is looked for each time, and partitions are added twice', async () => {
  const seen = await asked('stock');
  expect(seen.filter((request) => request === addPartitions).length).toBeGreaterThan(1);
  expect(seen.filter((request) => request === findCoordinator).length).toBeGreaterThan(2);
});

test('a broker that says it does not coordinate any more is asked no further: another is looked for', async () => {
  const notCoordinator = 16;
  let answered = false;
  const seen = await asked('fast', (request) =>
    request === addPartitions && !answered
      ? { kind: 'answer-error', code: notCoordinator, replaced: () => (answered = true) }
      : { kind: 'pass' },
  );
  expect(answered).toBe(true);
  expect(seen).toEqual([addPartitions, findCoordinator, addPartitions, produce, endTransaction]);
});
