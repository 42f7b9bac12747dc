import type { LogWriterOptions } from '../../../stream/log-writer';
import type { ProducerKind } from '../../../model/settings';
import { closing, LogFixture, readUntil, valuesOf } from './log-fixture';

jest.setTimeout(180_000);

const reached = 60;

/**
 * Between two appends somebody else writes to the log's topic: records land one marker further than foreseen. As capture does, after
 * an error another writer goes on with what the last record does not include. Returns the ends of each position record that readers
 * see, beside the ends that the records themselves tell of.
 */
async function appendBesideStranger(producer: ProducerKind, options: Partial<LogWriterOptions> = {}) {
  const log = await LogFixture.create(['public.a'], 1, producer);
  try {
    const [topic = ''] = Object.keys(log.topics);
    let writer = await log.writer(options);
    let thrownAway = 0;
    for (let at = 10; at <= reached; at += 10) {
      if (at === 30) await log.disturb(1, [topic]);
      while (Number(writer.last?.position.lsn ?? 0) < at) {
        try {
          await writer.append(log.records(2, at), closing(at));
        } catch (error) {
          expect(error).toMatchObject({
            name: 'Unavailable',
            message: expect.stringContaining('landed elsewhere') as string,
          });
          thrownAway += 1;
          writer = await log.writer(options);
        }
      }
    }
    const reader = await log.reader();
    await reader.seek({});
    const pieces = await readUntil(reader, 100, (piece) => piece.position.lsn === String(reached));
    const told = pieces.map((piece) => Number(piece.next[topic]?.['0']));
    const found = pieces.map((piece) => Math.max(...piece.records.map(({ offset }) => Number(offset))) + 1);
    return { thrownAway, values: valuesOf(pieces), told, found };
  } finally {
    await log.close();
  }
}

const all = [10, 11, 20, 21, 30, 31, 40, 41, 50, 51, 60, 61].map(String);

describe.each<ProducerKind>(['fast', 'stock'])(
  'records that land elsewhere than foreseen (Invariant 2), %s',
  (producer) => {
    test('are not committed with a position record that is wrong, and are appended once', async () => {
      const { thrownAway, values, told, found } = await appendBesideStranger(producer);
      expect(thrownAway).toBe(1);
      expect(values).toEqual(all);
      expect(told).toEqual(found);
    });

    test('control: unlooked at, a lane is told that it has all of a transaction before it has', async () => {
      const { values, told, found } = await appendBesideStranger(producer, { landedAsForeseen: () => true });
      expect(values.length === all.length && told.every((end, at) => end === found[at])).toBe(false);
    });
  },
);
