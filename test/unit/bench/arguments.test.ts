import { parseArguments, usage, UsageError } from '../../../bench/arguments';
import { measureNames } from '../../../bench/measure';

test('a measure alone runs five pairs at its own size, and keeps nothing', () => {
  expect(parseArguments(['postgres'])).toEqual({
    command: 'postgres',
    options: { runs: 5, changes: null, seconds: null, seed: 2014, parallel: null, profile: null },
    save: false,
    json: false,
  });
});

test('everything can be said', () => {
  const said = ['latency', '--runs', '7', '--changes', '1000', '--seconds', '9', '--seed', '3', '--profile'];
  expect(parseArguments([...said, 'out', '--save', '--json'])).toEqual({
    command: 'latency',
    options: { runs: 7, changes: 1_000, seconds: 9, seed: 3, parallel: null, profile: 'out' },
    save: true,
    json: true,
  });
});

test('what is not a measure is refused, and the usage names every one there is', () => {
  for (const args of [[], ['mysql'], ['postgres', 'copy'], ['toString']]) {
    expect(() => parseArguments(args)).toThrow(UsageError);
  }
  for (const name of measureNames) expect(usage).toContain(name);
});

test.each(['0', '-1', '1.5', 'many', ''])('--runs %s is refused', (runs) => {
  expect(() => parseArguments(['copy', `--runs=${runs}`])).toThrow(UsageError);
});

test('an unknown option is refused', () => {
  expect(() => parseArguments(['copy', '--rnus', '3'])).toThrow(UsageError);
});

test('connections are of postgres alone, 2 to 16', () => {
  expect(parseArguments(['postgres', '--parallel', '4']).options.parallel).toBe(4);
  for (const args of [
    ['redis', '--parallel', '4'],
    ['postgres', '--parallel', '1'],
    ['postgres', '--parallel', '17'],
  ]) {
    expect(() => parseArguments(args)).toThrow(UsageError);
  }
});
