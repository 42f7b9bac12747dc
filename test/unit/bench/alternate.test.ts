import { alternate, summarise } from '../../../bench/alternate';
import { Arrivals } from '../../../bench/arrivals';
import { Meter } from '../../../bench/meter';
import type { RunReading } from '../../../bench/runner';

const reading = (changes: number, seconds: number, more: Partial<RunReading> = {}): RunReading => ({
  ...{ changes, seconds, cpuSeconds: 0, peakRssMiB: 0, spans: {} },
  ...more,
});

test('the sides take turns, change who goes first, and the warm-up does not count', async () => {
  const order: string[] = [];
  const side = (name: string) => ({
    async run(at: number) {
      order.push(`${name}${at}`);
      return reading(at < 0 ? 1 : 1_000 * (at + 1), 10);
    },
  });
  const { ours, raw } = await alternate({ ours: side('o'), raw: side('r') }, 3, () => undefined);
  expect(order).toEqual(['o-1', 'r-1', 'r0', 'o0', 'o1', 'r1', 'r2', 'o2']);
  expect(ours.rates).toEqual([100, 200, 300]);
  expect(raw.rates).toEqual([100, 200, 300]);
});

test('cost is the median CPU per million changes, and the highest memory', () => {
  const { cost } = summarise([
    reading(1_000_000, 1, { cpuSeconds: 9, peakRssMiB: 300 }),
    reading(500_000, 1, { cpuSeconds: 2, peakRssMiB: 100 }),
    reading(1_000_000, 1, { cpuSeconds: 5, peakRssMiB: 200 }),
  ]);
  expect(cost).toEqual({ cpuSecondsPerMillion: 5, peakRssMiB: 300 });
});

test('a failed run fails the measure: there is no figure of the runs before it', async () => {
  const failing = {
    run: (at: number) => (at === 1 ? Promise.reject(new Error('differs')) : Promise.resolve(reading(1, 1))),
  };
  await expect(alternate({ ours: failing }, 2, () => undefined)).rejects.toThrow('differs');
});

test('a meter that was not started or not stopped has no reading', () => {
  const meter = new Meter();
  expect(() => meter.stop()).toThrow('never started');
  meter.start();
  expect(() => meter.reading).toThrow('never stopped');
  meter.stop();
  expect(meter.reading.seconds).toBeGreaterThanOrEqual(0);
});

describe('arrivals', () => {
  test('count from the first sight, in whatever order rows are seen', () => {
    let now = 100;
    const arrivals = new Arrivals(() => now);
    arrivals.see([1]);
    now = 130;
    arrivals.see([0, 1]);
    expect(arrivals.low).toBe(2);
    expect(arrivals.delays([90, 95], 0, 2)).toEqual([40, 5]);
    expect(arrivals.delays([90, 95], 1, 2)).toEqual([5]);
  });

  test('do not pass a row that was not seen, and refuse to say how late it came', () => {
    const arrivals = new Arrivals(() => 0);
    arrivals.see([0, 2]);
    expect(arrivals.low).toBe(1);
    expect(() => arrivals.delays([0, 0, 0], 0, 3)).toThrow('Row 1');
  });
});
