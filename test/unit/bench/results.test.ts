import type { Result } from '../../../bench/measure';
import { lastLine, line, type SavedResult } from '../../../bench/results';
import { renderFigures, replaceFigures } from '../../../bench/report';

const result: Result = {
  measure: 'postgres',
  case: 'one lane',
  value: 41_234.567,
  unit: 'changes/s',
  raw: 60_000.4,
  rawIs: 'the same rows by the same client',
  ratio: 0.687243,
  runs: 5,
  samples: { ours: [40_000.9, 42_000], raw: [60_000, 61_000] },
  cost: {
    ours: { cpuSecondsPerMillion: 12.345, peakRssMiB: 250.7 },
    raw: { cpuSecondsPerMillion: 4, peakRssMiB: 200 },
  },
  details: { 'longest, s': 1.2345 },
  workload: '1000 changes',
  compared: 'every row',
};

const saved: SavedResult = {
  ...result,
  date: '2026-01-02T03:04:05.678Z',
  command: 'npm run bench -- postgres --save',
  commit: 'abc1234',
  machine: '2 cores',
  servers: { postgres: '18.4' },
};

test('the last line is pinned: scripts read these six members, in this order', () => {
  expect(lastLine(result)).toBe(
    '{"measure":"postgres","value":41235,"unit":"changes/s","raw":60000,"ratio":0.687,"runs":5}',
  );
});

test('a kept line is one line of JSON with everything, rounded', () => {
  const text = line(saved);
  expect(text).not.toContain('\n');
  expect(JSON.parse(text)).toMatchObject({
    value: 41_235,
    ratio: 0.687,
    samples: { ours: [40_001, 42_000] },
    details: { 'longest, s': 1.23 },
    date: saved.date,
    servers: { postgres: '18.4' },
  });
});

test('the table has a row per case in the order of the measures, with what raw is and what was compared', () => {
  const text = renderFigures([
    { ...saved, measure: 'takeover' },
    { ...saved, measure: 'capture' },
  ]);
  expect(text.indexOf('| capture')).toBeLessThan(text.indexOf('| takeover'));
  expect(text).toContain('| capture | one lane | 41,235 changes/s | 60,000 changes/s | 0.69 |');
  expect(text).toContain(result.rawIs);
  expect(text).toContain(result.compared);
  expect(text.split(saved.command)).toHaveLength(2);
});

test('figures go between their marks and leave the rest of the page alone; a page without marks is refused', () => {
  const marks = ['<!-- figures: written by `npm run bench -- report` -->', '<!-- end of figures -->'];
  const page = `before\n${marks[0]}\nold\n${marks[1]}\nafter\n`;
  expect(replaceFigures(page, 'new')).toBe(`before\n${marks[0]}\n\nnew\n${marks[1]}\nafter\n`);
  expect(replaceFigures(replaceFigures(page, 'new'), 'new')).toBe(replaceFigures(page, 'new'));
  expect(() => replaceFigures('no marks', 'new')).toThrow('no place for figures');
});
