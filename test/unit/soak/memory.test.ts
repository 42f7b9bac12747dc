import { growth, judgeMemory, residentMiB } from '../../soak/memory';
import { seeded } from '../../support/random';

/** A heap as it is: a collector's saw-tooth of a hundred mebibytes over what is kept. */
function samples(keptPerMinute: number, minutes = 5) {
  const random = seeded(7);
  return Array.from({ length: minutes * 120 }, (_, at) => ({
    at: at / 2,
    mebibytes: 150 + ((at * 7) % 100) + random.between(0, 5) + (keptPerMinute * at) / 120,
  }));
}

test('a saw-tooth that keeps nothing does not grow', () =>
  expect(Math.abs(growth(samples(0)) ?? NaN)).toBeLessThan(1.5));

test.each([5, 20])('what is kept for ever, %s MiB a minute, is seen through it', (kept) => {
  expect(Math.abs((growth(samples(kept)) ?? NaN) - kept)).toBeLessThan(1.5);
});

test('one odd moment does not move it', () => {
  const odd = samples(0).map((one) => (one.at >= 290 ? { ...one, mebibytes: one.mebibytes + 400 } : one));
  expect(Math.abs(growth(odd) ?? NaN)).toBeLessThan(1.5);
});

test('memory that swings and keeps nothing is flat', () =>
  expect(judgeMemory(samples(0, 15))).toMatchObject({ flat: true }));

test.each([2, 10])('what is kept, %s MiB a minute, is not flat', (kept) =>
  expect(judgeMemory(samples(kept, 15))).toMatchObject({ flat: false }),
);

test('a short time is not judged', () => expect(judgeMemory(samples(10, 5))).toMatchObject({ flat: null }));

test('too few samples are no answer', () => expect(growth(samples(0).slice(0, 19))).toBeNull());

test('a process that is gone has no memory', () => {
  expect(residentMiB(2 ** 30)).toBeNull();
});
