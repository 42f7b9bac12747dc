import { measures } from '../../../bench/measures';
import { partsFor, partsOfMeasure } from '../../../stack/bench-selection';

test('every measure gets the servers that it says it needs', () => {
  const said = Object.fromEntries(Object.values(measures).map(({ name, parts }) => [name, parts]));
  expect(partsOfMeasure).toEqual(said);
});

test('the measure is found among options; what is none starts no server', () => {
  expect(partsFor(['--json', 'copy'])).toEqual(['postgres', 'kafka']);
  expect(partsFor(['report'])).toEqual([]);
  expect(partsFor(['toString', '--save'])).toEqual([]);
});
