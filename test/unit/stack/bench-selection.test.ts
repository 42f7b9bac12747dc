import { measures } from '../../../bench/measures';
import { partsFor, partsOfMeasure, refusal } from '../../../stack/bench-selection';

test('every measure gets the servers that it says it needs', () => {
  const said = Object.fromEntries(Object.values(measures).map(({ name, parts }) => [name, parts]));
  expect(partsOfMeasure).toEqual(said);
});

test('the measure is found among options; what is none starts no server', () => {
  expect(partsFor(['--json', 'copy'])).toEqual(['postgres', 'kafka']);
  expect(partsFor(['report'])).toEqual([]);
  expect(partsFor(['toString', '--save'])).toEqual([]);
});

test('an unknown measure is refused before anything is started, and the refusal names every one there is', () => {
  expect(refusal(['copy', '--json'])).toBeNull();
  expect(refusal(['report'])).toBeNull();
  for (const args of [[], ['--json'], ['mysql'], ['toString']]) {
    for (const name of Object.keys(measures)) expect(refusal(args)).toContain(name);
  }
});
