import type { Socket } from 'node:net';
import type { ProducerKind } from '../../../model/settings';
import type { LogWriter } from '../../../stream/log';
import { takeFence, type LogWriterOptions } from '../../../stream/log-writer';
import type { Kafka, Producer, Transaction } from '../../support/kafka';
import { LogFixture, closing, readUntil, valuesOf } from './log-fixture';
import { requests, tamperedSockets } from './tampered-sockets';

jest.setTimeout(180_000);

const producers: readonly ProducerKind[] = ['fast', 'stock'];

describe.each(producers)('one writer (Invariant 2), %s', (producer) => {
  let log: LogFixture;
  beforeEach(async () => {
    log = await LogFixture.create(['public.a'], 1, producer);
  });
  afterEach(() => log.close());

  /** An old writer wakes up and appends what its successor appends too. Returns what readers see. */
  async function wakeBesideSuccessor(fence: NonNullable<LogWriterOptions['fence']>): Promise<string[]> {
    const old = await log.writer();
    await old.append(log.records(1, 1), closing(10));
    const successor = await log.writer({ fence });
    const woken = old.append(log.records(1, 2), closing(20)).then(
      () => 'appended',
      (error: Error) => error.name,
    );
    await woken;
    // As capture does: what stands above the last record known is appended.
    if (successor.last?.position.lsn === '10') await successor.append(log.records(1, 2), closing(20));
    await successor.append([], closing(30));
    const reader = await log.reader();
    await reader.seek({});
    return valuesOf(await readUntil(reader, 100, (piece) => piece.position.lsn === '30'));
  }

  test('an old writer that wakes beside its successor adds nothing', async () => {
    expect(await wakeBesideSuccessor(takeFence)).toEqual(['1', '2']);
  });

  test('control: without the fence the log holds a change twice', async () => {
    expect(await wakeBesideSuccessor(() => Promise.resolve())).toEqual(['1', '2', '2']);
  });

  test('an old writer is told that it is fenced, and stays dead', async () => {
    const old = await log.writer();
    await log.writer();
    await expect(old.append(log.records(1), closing(10))).rejects.toMatchObject({ name: 'Fenced' });
    await expect(old.append(log.records(1), closing(10))).rejects.toThrow('open another one');
  });

  test('a transaction that was complete but for its commit is invisible after the take-over', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    let armed = false;
    let reached = () => {};
    const atCommit = new Promise<void>((resolve) => (reached = resolve));
    const socketFactory = tamperedSockets((request) => {
      if (!armed || request !== requests.endTransaction) return { kind: 'pass' };
      reached();
      return { kind: 'hold', until: held };
    });
    const old = await log.writer({ kafka: log.kafka({ socketFactory }) });
    await old.append(log.records(1, 1), closing(10));
    armed = true;
    const late = old.append(log.records(1, 2), closing(20));
    late.catch(() => undefined);
    await atCommit;
    const successor = await log.writer();
    expect(successor.last?.position.lsn).toBe('10');
    await successor.append(log.records(1, 3), closing(30));
    release();
    await expect(late).rejects.toMatchObject({ name: 'Fenced' });
    const reader = await log.reader();
    await reader.seek({});
    expect(valuesOf(await readUntil(reader, 100, (piece) => piece.position.lsn === '30'))).toEqual(['1', '3']);
  });
});

describe.each(producers)('a lost answer, %s', (producer) => {
  test.each([
    ['produce', requests.produce],
    ['partitions', requests.addPartitions],
    ['commit', requests.endTransaction],
  ])('of a %s request loses nothing and repeats nothing', async (_name, lost) => {
    const log = await LogFixture.create(['public.a'], 2, producer);
    let count = 0;
    const socketFactory = tamperedSockets((request) =>
      // The third and the sixth of its kind: in the middle of the work, once early and once again.
      request === lost && [3, 6].includes((count += 1)) ? { kind: 'drop-answer' } : { kind: 'pass' },
    );
    const kafka = log.kafka({ socketFactory });
    let writer: LogWriter | null = null;
    let failures = 0;
    for (let at = 1; at <= 10;) {
      // As capture does: after an error open another writer, skip what its last record includes. Opening one may lose an
      // answer as well.
      try {
        writer ??= await log.writer({ kafka });
        if (Number(writer.last?.position.lsn ?? 0) < at) await writer.append(log.records(3, at * 3), closing(at));
        at += 1;
      } catch (error) {
        expect(error).toMatchObject({ name: 'Unavailable' });
        failures += 1;
        writer = null;
      }
    }
    process.stdout.write(`${count} requests, ${failures} writers thrown away\n`);
    expect(count).toBeGreaterThan(6);
    const reader = await log.reader();
    await reader.seek({});
    const values = valuesOf(await readUntil(reader, 100, (piece) => piece.position.lsn === '10'));
    expect(values.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, at) => at + 3));
    await log.close();
  });
});

describe.each(producers)('an answer that is lost until the client gives up, %s', (producer) => {
  /** Ten appends, one of which fails although the broker has taken it. Returns what readers see. */
  async function appendThroughLoss(
    successors: (kafka: Kafka) => Kafka,
    options: Partial<LogWriterOptions> = {},
  ): Promise<string[]> {
    const log = await LogFixture.create(['public.a'], 1, producer);
    let losing = false;
    const socketFactory = tamperedSockets((request) =>
      losing && request === requests.produce ? { kind: 'drop-answer' } : { kind: 'pass' },
    );
    const kafka = successors(log.kafka({ socketFactory }));
    let writer = await log.writer({ kafka, ...options });
    let failures = 0;
    for (let at = 1; at <= 10; at += 1) {
      while (Number(writer.last?.position.lsn ?? 0) < at) {
        losing = at === 4 && failures === 0;
        try {
          await writer.append(log.records(3, at * 3), closing(at));
        } catch {
          failures += 1;
          losing = false;
          writer = await log.writer({ kafka, ...options });
        }
      }
    }
    expect(failures).toBe(1);
    const reader = await log.reader();
    await reader.seek({});
    const values = valuesOf(await readUntil(reader, 100, (piece) => piece.position.lsn === '10'));
    await log.close();
    return values;
  }

  const all = Array.from({ length: 30 }, (_, at) => String(at + 3));

  test('loses nothing and repeats nothing: the successor has a producer of its own', async () => {
    expect(await appendThroughLoss((kafka) => kafka)).toEqual(all);
  });

  test('control: the producer that saw the error is used again, and rows that were acknowledged are gone', async () => {
    // Nor may anybody see that what comes next landed where it cannot have.
    const values = await appendThroughLoss(withOneProducer, { landedAsForeseen: () => true });
    expect(values.length).toBeLessThan(all.length);
  });
});

/** Producers that no writer may close. Left open, they would keep this process alive. */
const kept: Producer[] = [];
afterEach(async () => {
  for (const producer of kept.splice(0)) await producer.disconnect();
});

/** Every writer gets the same producer, its transaction aborted where one is open. */
function withOneProducer(kafka: Kafka): Kafka {
  let one: Producer | undefined;
  let open: Transaction | undefined;
  return {
    admin: kafka.admin.bind(kafka),
    consumer: kafka.consumer.bind(kafka),
    logger: kafka.logger.bind(kafka),
    producer: (config) => {
      if (one) return one;
      const producer = kafka.producer(config);
      kept.push(producer);
      one = {
        ...producer,
        disconnect: () => Promise.resolve(),
        transaction: async () => {
          if (open?.isActive()) await open.abort();
          return (open = await producer.transaction());
        },
      };
      return one;
    },
  };
}

describe('a broker that goes away', () => {
  test('fails the reader with Unavailable within a bound, and the writer too', async () => {
    const log = await LogFixture.create(['public.a'], 1);
    let gone = false;
    const open = new Set<Socket>();
    const sockets = tamperedSockets(() => ({ kind: 'pass' }));
    const kafka = log.kafka({
      socketFactory: (options) => {
        const socket = sockets(options);
        open.add(socket);
        if (gone) setImmediate(() => socket.destroy(refusal()));
        return socket;
      },
    });
    const writer = await log.writer({ kafka });
    await writer.append(log.records(1), closing(10));
    const reader = await log.reader({ kafka });
    await reader.seek({});
    await readUntil(reader, 10, () => true);
    gone = true;
    for (const socket of open) socket.destroy(refusal());
    const started = Date.now();
    const reading = readUntil(reader, 10, () => true);
    reading.catch(() => undefined); // it may fail before the writer does; looked at below
    await expect(writer.append(log.records(1), closing(20))).rejects.toMatchObject({ name: 'Unavailable' });
    process.stdout.write(`the writer gave up after ${Date.now() - started} ms\n`);
    await expect(reading).rejects.toMatchObject({ name: 'Unavailable' });
    process.stdout.write(`the reader gave up after ${Date.now() - started} ms\n`);
    gone = false;
    await reader.seek({});
    expect(valuesOf(await readUntil(reader, 10, () => true))).toEqual(['0']);
    await log.close();
  });

  test('a broker that hangs fails the reader, too', async () => {
    const log = await LogFixture.create(['public.a'], 1);
    const writer = await log.writer();
    await writer.append(log.records(1), closing(10));
    let hung = false;
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    const socketFactory = tamperedSockets((request) =>
      hung && request === requests.fetch ? { kind: 'hold', until: released } : { kind: 'pass' },
    );
    const reader = await log.reader({ kafka: log.kafka({ socketFactory }), silenceMs: 4_000 });
    await reader.seek({});
    await readUntil(reader, 10, () => true);
    hung = true;
    const reading = (async () => {
      while (hung) await reader.next({ maxRecords: 10, waitMs: 100, signal: new AbortController().signal });
    })();
    await expect(reading).rejects.toMatchObject({ name: 'Unavailable' });
    hung = false;
    release();
    await log.close();
  });
});

function refusal(): Error {
  return Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
}
