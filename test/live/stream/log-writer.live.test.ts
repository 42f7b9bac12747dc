import { LogFixture, closing, readUntil, valuesOf } from './log-fixture';
import { readLastPosition } from '../../../stream/positions';

jest.setTimeout(60_000);

describe('the log writer', () => {
  let log: LogFixture;
  beforeEach(async () => {
    log = await LogFixture.create();
  });
  afterEach(() => log.close());

  test('begins with an empty log, and its ends name every partition', async () => {
    const writer = await log.writer();
    expect(writer.last).toBeNull();
    const record = await writer.append([], closing(10));
    expect(record.ends).toEqual({
      [`${log.prefix}.public.a`]: { '0': '0', '1': '0' },
      [`${log.prefix}.public.b`]: { '0': '0', '1': '0' },
    });
  });

  test('a successor goes on from the last record, whatever aborted transactions lie between', async () => {
    const first = await log.writer();
    await first.append(log.records(6), closing(10));
    const last = await first.append(log.records(3, 6), closing(20));
    await log.disturb(30);
    const second = await log.writer();
    expect(second.last).toEqual(last);
    const next = await second.append(log.records(1, 9), closing(30));
    const reader = await log.reader();
    await reader.seek({});
    const pieces = await readUntil(reader, 100, (piece) => piece.position.lsn === '30');
    expect(
      valuesOf(pieces)
        .map(Number)
        .sort((a, b) => a - b),
    ).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    // The ends count the last record and not the markers of aborted transactions behind the others.
    const ofRecord = pieces.flatMap((piece) => piece.records).find((record) => record.value?.toString() === '9');
    expect(next.ends[ofRecord?.topic ?? '']?.[String(ofRecord?.partition)]).toBe(String(Number(ofRecord?.offset) + 1));
  });

  test('the last record is found behind hundreds of markers', async () => {
    const writer = await log.writer();
    const record = await writer.append(log.records(1), closing(10));
    await log.disturb(120, [`${log.prefix}.positions`]);
    const last = await readLastPosition({ kafka: log.kafka(), prefix: log.prefix });
    expect(last?.record).toEqual(record);
    expect(last?.offset).toBe('0');
  });
});
