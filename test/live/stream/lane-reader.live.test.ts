import type { LogBatch } from '../../../stream/log';
import { offsetOf, type Offsets } from '../../../model/offsets';
import { LogFixture, closing, readUntil, valuesOf } from './log-fixture';
import { requests, tamperedSockets } from './tampered-sockets';
import { seededRandom } from '../../unit/stream/seeded-random';

jest.setTimeout(360_000);

const never = new AbortController().signal;

describe('the lane reader', () => {
  let log: LogFixture;
  let positions: string;
  beforeEach(async () => {
    log = await LogFixture.create();
    positions = `${log.prefix}.positions`;
  });
  afterEach(() => log.close());

  test('hands out every record once, in order, whatever the sizes of transactions and pieces', async () => {
    const random = seededRandom();
    let writer = await log.writer();
    const ends = new Map<string, Offsets>();
    let written = 0;
    for (let lsn = 10; written < 20_000; lsn += 10) {
      const count = random.pick([1, 3, 40, 700, 10_000]);
      const parts = count > 5_000 ? 3 : 1;
      for (let part = 1; part <= parts; part += 1) {
        const size = Math.floor(count / parts);
        const record = await writer.append(log.records(size, written), closing(lsn, part === parts));
        written += size;
        if (record.closed) ends.set(record.position.lsn, record.ends);
      }
      if (random.below(4) === 0) {
        await log.disturb(2);
        writer = await log.writer(); // as after a predecessor that died: to an open one such a hole is an error
      }
    }
    const last = writer.last?.position.lsn;
    const reader = await log.reader();
    await reader.seek({});
    const sizes = () => 1 + random.below(4_000);
    const pieces = await readUntil(reader, sizes, (piece) => piece.closed && piece.position.lsn === last);
    expect(
      valuesOf(pieces)
        .map(Number)
        .sort((a, b) => a - b),
    ).toEqual(Array.from({ length: written }, (_, at) => at));
    expectOrdered(pieces);
    for (const piece of pieces.filter((one) => one.closed)) {
      expect(piece.next).toEqual({ ...ends.get(piece.position.lsn), [positions]: piece.next[positions] });
    }
    expect(reader.ahead()).toMatchObject({ records: 0, oldestAt: null });
  });

  test('resumes at any piece in another reader, and goes back when told', async () => {
    const writer = await log.writer();
    for (let at = 0; at < 30; at += 1) await writer.append(log.records(10, at * 10), closing(10 + at));
    const first = await log.reader();
    await first.seek({});
    const [piece] = await readUntil(first, 45, () => true);
    const second = await log.reader();
    await second.seek(piece?.next ?? {});
    const rest = await readUntil(second, 45, (one) => one.position.lsn === '39');
    expect(valuesOf([piece as LogBatch, ...rest]).length).toBe(300);
    expect(new Set(valuesOf([piece as LogBatch, ...rest])).size).toBe(300);
    await second.seek({});
    const again = await readUntil(second, 1_000, (one) => one.position.lsn === '39');
    expect(new Set(valuesOf(again)).size).toBe(300);
  });

  test('stands where it is when told to seek to where it stands', async () => {
    const writer = await log.writer();
    await writer.append(log.records(10), closing(10));
    await writer.append(log.records(10, 10), closing(20));
    let asked = 0;
    // Anywhere else it would ask where the log begins, and join its group anew.
    const ofSeeking: readonly number[] = [requests.listOffsets, requests.joinGroup];
    const socketFactory = tamperedSockets((request) => {
      if (ofSeeking.includes(request)) asked += 1;
      return { kind: 'pass' };
    });
    const reader = await log.reader({ kafka: log.kafka({ socketFactory }) });
    await reader.seek({});
    const [piece] = await readUntil(reader, 12, () => true);
    const before = asked;
    expect(before).toBeGreaterThan(1);
    await reader.seek(piece?.next ?? {});
    expect(asked).toBe(before);
    const rest = await readUntil(reader, 12, (one) => one.position.lsn === '20');
    expect(valuesOf(rest).length).toBe(10);
  });

  test('hands out nothing at or beyond `until`', async () => {
    const writer = await log.writer();
    const offsets: string[] = [];
    const reader = await log.reader();
    for (let at = 0; at < 20; at += 1) await writer.append(log.records(5, at * 5), closing(10 + at));
    await reader.seek({});
    const all = await readUntil(reader, 5, (one) => one.position.lsn === '29');
    for (const piece of all) offsets.push(offsetOf(piece.next, positions, 0) ?? '');
    const until = offsets[9] ?? '';
    await reader.seek({});
    const seen: LogBatch[] = [];
    while (offsetOf(seen.at(-1)?.next ?? {}, positions, 0) !== until) {
      const piece = await reader.next({ maxRecords: 1_000, waitMs: 60_000, until, signal: never });
      if (!piece) throw new Error(`It ended after ${seen.length} pieces, before ${until}.`);
      seen.push(piece);
    }
    expect(valuesOf(seen).length).toBe(50);
    expect(await reader.next({ maxRecords: 1_000, waitMs: 60_000, until, signal: never })).toBeNull();
    const beyond = await readUntil(reader, 1_000, (one) => one.position.lsn === '29');
    expect(valuesOf(beyond).length).toBe(50);
  });

  test('a lane of some tables moves through commits that did not touch them', async () => {
    const writer = await log.writer();
    const topic = `${log.prefix}.public.a`;
    await writer.append(log.records(4), closing(10));
    await writer.append(
      [{ topic: `${log.prefix}.public.b`, partition: 0, key: Buffer.from('k'), value: null }],
      closing(20),
    );
    await writer.append([], closing(30));
    const reader = await log.reader({ topics: { [topic]: 2 } });
    await reader.seek({});
    const pieces = await readUntil(reader, 100, (one) => one.position.lsn === '30');
    expect(valuesOf(pieces).length).toBe(2);
    expect(Object.keys(pieces[pieces.length - 1]?.next ?? {}).sort()).toEqual([positions, topic].sort());
  });

  test('at the very end it says so, sleeps, and is woken by the next commit', async () => {
    const writer = await log.writer();
    await writer.append(log.records(4), closing(10));
    const first = await log.reader();
    await first.seek({});
    const [piece] = await readUntil(first, 100, (one) => one.closed);
    const reader = await log.reader();
    await reader.seek(piece?.next ?? {});
    while (!reader.ahead().caughtUp) await reader.next({ maxRecords: 10, waitMs: 50, signal: never });
    const cpu = process.cpuUsage();
    expect(await reader.next({ maxRecords: 10, waitMs: 1_500, signal: never })).toBeNull();
    const used = process.cpuUsage(cpu);
    expect((used.user + used.system) / 1_000).toBeLessThan(500);
    const delays: number[] = [];
    for (let at = 0; at < 20; at += 1) {
      const waiting = reader
        .next({ maxRecords: 10, waitMs: 60_000, signal: never })
        .then((got) => [got, performance.now()] as const);
      const begun = Date.now();
      await writer.append(log.records(1, at), closing(20 + at));
      const committed = performance.now();
      const [got, seen] = await waiting;
      expect(got?.position.lsn).toBe(String(20 + at));
      expect(got?.positionAt).toBeGreaterThanOrEqual(begun);
      expect(got?.positionAt).toBeLessThanOrEqual(Date.now());
      delays.push(seen - committed);
    }
    delays.sort((a, b) => a - b);
    process.stdout.write(
      `commit to visible: median ${delays[10]?.toFixed(1)} ms, worst ${delays[19]?.toFixed(1)} ms\n`,
    );
  });

  test('a transaction larger than all buffers arrives in open pieces, the last one closed', async () => {
    const writer = await log.writer();
    const filler = Buffer.alloc(2_000, 'x');
    const records = log.records(8_000).map((record) => ({ ...record, value: filler }));
    await writer.append(records.slice(0, 3_000), closing(10, false));
    await writer.append(records.slice(3_000, 6_000), closing(10, false));
    await writer.append(records.slice(6_000), closing(10, true));
    const reader = await log.reader({ bufferBytes: 1 << 20 });
    await reader.seek({});
    const pieces = await readUntil(reader, 2_000, (one) => one.closed);
    expect(valuesOf(pieces).length).toBe(8_000);
    expect(pieces.length).toBeGreaterThan(3);
    expect(pieces.slice(0, -1).every((piece) => !piece.closed && offsetOf(piece.next, positions, 0) === '0')).toBe(
      true,
    );
    expectOrdered(pieces);
  });

  test('thrown out of its group it joins again where it was: nothing is lost, nothing comes twice', async () => {
    const rebalanceInProgress = 27;
    let thrownOut = 0;
    const socketFactory = tamperedSockets((request) =>
      request === requests.heartbeat && (thrownOut += 1) <= 2
        ? { kind: 'answer-error', code: rebalanceInProgress }
        : { kind: 'pass' },
    );
    const writer = await log.writer();
    const reader = await log.reader({ kafka: log.kafka({ socketFactory }), bufferBytes: 1 });
    await reader.seek({});
    const pieces: LogBatch[] = [];
    let written = 0;
    for (let lsn = 1; thrownOut < 3; lsn += 1) {
      // More than the buffers take, so that some partitions are paused when it happens.
      const records = log.records(900, written);
      await writer.append(records, closing(lsn));
      written += records.length;
      pieces.push(...(await readUntil(reader, 200, (piece) => piece.position.lsn === String(lsn))));
    }
    expect(valuesOf(pieces).length).toBe(written);
    expect(new Set(valuesOf(pieces)).size).toBe(written);
    expectOrdered(pieces);
  });

  test('a connection that breaks in the middle of an answer is opened again, and read from its beginning', async () => {
    let fetches = 0;
    const socketFactory = tamperedSockets((request) =>
      request === requests.fetch && (fetches += 1) === 3 ? { kind: 'cut-answer' } : { kind: 'pass' },
    );
    const writer = await log.writer();
    const reader = await log.reader({ kafka: log.kafka({ socketFactory }) });
    await reader.seek({});
    let written = 0;
    const pieces: LogBatch[] = [];
    for (let lsn = 1; fetches < 10; lsn += 1) {
      await writer.append(log.records(2_000, written), closing(lsn));
      written += 2_000;
      pieces.push(...(await readUntil(reader, 2_000, (piece) => piece.position.lsn === String(lsn))));
    }
    expect(new Set(valuesOf(pieces)).size).toBe(written);
  });

  test('an aborted wait returns at once', async () => {
    const writer = await log.writer();
    await writer.append([], closing(10));
    const reader = await log.reader();
    await reader.seek({});
    await readUntil(reader, 10, () => true);
    const abort = new AbortController();
    const waiting = reader.next({ maxRecords: 10, waitMs: 60_000, signal: abort.signal });
    abort.abort();
    expect(await waiting).toBeNull();
  });
});

function expectOrdered(pieces: readonly LogBatch[]): void {
  const at = new Map<string, number>();
  for (const piece of pieces) {
    for (const { topic, partition, offset } of piece.records) {
      expect(Number(offset)).toBeGreaterThan(at.get(`${topic}/${partition}`) ?? -1);
      expect(Number(offset)).toBeLessThan(Number(offsetOf(piece.next, topic, partition)));
      at.set(`${topic}/${partition}`, Number(offset));
    }
  }
}
