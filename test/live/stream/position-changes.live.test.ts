import type { LogBatch, PositionRecord } from '../../../stream/log';
import { offsetOf, type Offsets } from '../../../model/offsets';
import { changesKey, positionKey } from '../../../stream/position-format';
import { readLastPosition } from '../../../stream/positions';
import { readRange } from '../../../stream/read-range';
import { readExtents } from '../../../stream/extents';
import { seededRandom } from '../../unit/stream/seeded-random';
import { closing, LogFixture, readUntil, valuesOf } from './log-fixture';

jest.setTimeout(240_000);

const tables = Array.from({ length: 40 }, (_, at) => `public.t${at}`);
const appends = 100;

describe.each(['fast', 'stock'] as const)('a log of many tables, %s producer', (producer) => {
  let log: LogFixture;
  let positions: string;
  beforeEach(async () => {
    log = await LogFixture.create(tables, 1, producer);
    positions = `${log.prefix}.positions`;
  });
  afterEach(() => log.close());

  /** Keys of the positions topic, in their order. */
  async function kinds(): Promise<string[]> {
    const extent = (await readExtents(log.kafka(), { [positions]: 1 })).get(positions)?.[0];
    const found: string[] = [];
    await readRange(log.kafka(), { topic: positions, from: 0, high: extent?.high ?? 0 }, (messages) => {
      for (const { key } of messages) found.push(key?.toString() ?? '');
    });
    return found;
  }

  /** Three records to random tables in each append, some of which end within a source transaction. */
  async function write(): Promise<PositionRecord[]> {
    const random = seededRandom();
    const writer = await log.writer();
    const written: PositionRecord[] = [];
    for (let at = 0; at < appends; at += 1) {
      const first = at * 3;
      const records = log.records(3, random.below(tables.length)).map((record, index) => ({
        ...record,
        key: Buffer.from(String(first + index)),
        value: Buffer.from(String(first + index)),
      }));
      const ends = random.below(4) > 0 || at === appends - 1;
      written.push(await writer.append(records, closing(10 + at, ends)));
    }
    return written;
  }

  test('most records say what has changed, and lanes and capture read them as if they were whole', async () => {
    const written = await write();
    const keys = await kinds();
    expect(keys.filter((key) => key === changesKey.toString()).length).toBeGreaterThan(appends / 2);
    expect(keys.filter((key) => key === positionKey.toString()).length).toBeGreaterThanOrEqual(appends / 33);

    const last = await readLastPosition({ kafka: log.kafka(), prefix: log.prefix });
    expect(last?.record).toEqual(written.at(-1));

    const reader = await log.reader();
    await reader.seek({});
    const end = String(10 + appends - 1);
    const pieces = await readUntil(reader, 1, (piece) => piece.closed && piece.position.lsn === end);
    expectAll(pieces, written);

    // Whoever begins behind any piece has to find what its first records build upon, and may stop at any of the next ones.
    const closed = pieces.filter((piece) => piece.closed);
    const random = seededRandom();
    for (let time = 0; time < 12; time += 1) {
      const at = random.below(closed.length - 1);
      const from = closed[at];
      const untilPiece = closed[Math.min(closed.length - 1, at + 1 + random.below(3))];
      if (!from || !untilPiece) throw new Error('there are too few pieces for this test');
      const until = offsetOf(untilPiece.next, positions, 0) ?? '';
      const second = await log.reader();
      await second.seek(from.next);
      const seen: LogBatch[] = [from];
      while (offsetOf(seen.at(-1)?.next ?? {}, positions, 0) !== until) {
        const next = { maxRecords: 1_000, waitMs: 60_000, until, signal: new AbortController().signal };
        const piece = await second.next(next);
        if (!piece) throw new Error(`It ended before ${until}, after ${seen.length} pieces.`);
        seen.push(piece);
      }
      expect(seen.at(-1)?.next).toEqual(untilPiece.next);
      await second.close();
    }
  });

  test('what the last record builds upon is found behind any number of aborted transactions', async () => {
    const writer = await log.writer();
    await writer.append(log.records(40), closing(10));
    await writer.append(log.records(1, 40), closing(20));
    await log.disturb(150, [positions]);
    // To an open writer such a hole is none of its own: it goes on with what its last whole record was.
    const record = await writer.append(log.records(1, 41), closing(30));
    expect((await kinds()).at(-1)).toBe(changesKey.toString());
    const before = await readFrom(log, {}, '20');
    const [piece] = await readFrom(log, before.at(-1)?.next ?? {}, '30');
    expect(valuesOf(piece ? [piece] : [])).toEqual(['41']);
    expect((await readLastPosition({ kafka: log.kafka(), prefix: log.prefix }))?.record).toEqual(record);
    const next = await log.writer();
    expect(next.last).toEqual(record);
    // A new writer's first record is whole: it has read what the last one was built upon, and does not build upon it.
    await next.append(log.records(1, 42), closing(40));
    expect((await kinds()).at(-1)).toBe(positionKey.toString());
  });

  test('control: ends of what has changed alone would leave a lane without the others', async () => {
    const written = await write();
    const keys = await kinds();
    const at = keys.lastIndexOf(changesKey.toString());
    const extent = (await readExtents(log.kafka(), { [positions]: 1 })).get(positions)?.[0];
    const values: string[] = [];
    await readRange(log.kafka(), { topic: positions, from: 0, high: extent?.high ?? 0 }, (messages) => {
      for (const { value } of messages) values.push(value?.toString() ?? '');
    });
    const bare = JSON.parse(values[at] ?? '{}') as PositionRecord;
    expect(bare.ends).not.toEqual(written[at]?.ends);
    expect(Object.keys(bare.ends).length).toBeLessThan(tables.length);
  });
});

/** What another reader hands out from there on, up to the piece that ends at `lsn`. */
async function readFrom(log: LogFixture, next: Offsets, lsn: string): Promise<LogBatch[]> {
  const reader = await log.reader();
  await reader.seek(next);
  return readUntil(reader, 1, (piece) => piece.closed && piece.position.lsn === lsn);
}

function expectAll(pieces: readonly LogBatch[], written: readonly PositionRecord[]): void {
  const seen = valuesOf(pieces).map(Number);
  expect([...seen].sort((left, right) => left - right)).toEqual(
    Array.from({ length: written.length * 3 }, (_, at) => at),
  );
  const closed = new Map(written.filter((record) => record.closed).map((record) => [record.position.lsn, record]));
  for (const piece of pieces.filter((one) => one.closed)) {
    const ends = closed.get(piece.position.lsn)?.ends ?? {};
    for (const [topic, partitions] of Object.entries(ends)) expect(piece.next[topic]).toEqual(partitions);
  }
}
