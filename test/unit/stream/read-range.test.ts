import type { Kafka, KafkaMessage } from 'kafkajs';
import { readRange } from '../../../stream/read-range';

const topic = 'shop.search.parked';

/** As much of a client as a feed takes: its consumer says what the test says, when the test says so. */
function broker() {
  const listeners = new Map<string, ((event: object) => void)[]>();
  const names = ['GROUP_JOIN', 'START_BATCH_PROCESS', 'REQUEST', 'CRASH', 'FETCH'];
  let hand: (batch: object) => Promise<void> = () => Promise.resolve();
  const consumer = {
    events: Object.fromEntries(names.map((name) => [name, name])),
    on: (name: string, listener: (event: object) => void) =>
      void listeners.set(name, [...(listeners.get(name) ?? []), listener]),
    connect: () => Promise.resolve(),
    subscribe: () => Promise.resolve(),
    disconnect: () => Promise.resolve(),
    seek: () => undefined,
    run: ({ eachBatch }: { eachBatch: (payload: object) => Promise<void> }) => {
      hand = (batch) => eachBatch({ batch });
      for (const listener of listeners.get('GROUP_JOIN') ?? []) listener({ payload: { memberAssignment: {} } });
      return Promise.resolve();
    },
  };
  return {
    kafka: { consumer: () => consumer } as unknown as Kafka,
    /** The record at this offset, which is the last that the answer has. */
    answer: (offset: number, high: number) => {
      const messages = [{ offset: String(offset) }] as KafkaMessage[];
      const batch = { topic, partition: 0, messages, lastOffset: () => String(offset), highWatermark: String(high) };
      return hand(batch);
    },
  };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test('what takes long to read is read to its end, as long as something comes', async () => {
  const { kafka, answer } = broker();
  const seen: string[] = [];
  const reading = readRange(kafka, { topic, from: 0, high: 4 }, (messages) => {
    seen.push(...messages.map(({ offset }) => offset));
  });
  for (const offset of [0, 1, 2, 3]) {
    await jest.advanceTimersByTimeAsync(15_000);
    await answer(offset, 4);
  }
  await reading;
  expect(seen).toEqual(['0', '1', '2', '3']);
});

test('an end that does not come is not waited for, whatever else is answered', async () => {
  const { kafka, answer } = broker();
  const reading = readRange(kafka, { topic, from: 0, high: 4 }, () => undefined);
  const failed = expect(reading).rejects.toThrow(/nothing new came for 20 s/);
  await jest.advanceTimersByTimeAsync(0);
  await answer(0, 4);
  await jest.advanceTimersByTimeAsync(15_000);
  await answer(0, 4);
  await jest.advanceTimersByTimeAsync(6_000);
  await failed;
});
