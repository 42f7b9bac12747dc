import { noRates, type LaneRate } from '../../../../client/status/rates';
import { render, renderLine, width, type View } from '../../../../client/status/render';
import type { PipelineStatus, StatusName } from '../../../../model/status';
import { captured, lane, now, pipeline, slot, slotInDanger, store } from '../samples';
import { slotProblem } from '../../../../model/slot-risk';

const escape = new RegExp(`${String.fromCharCode(27)}\\[[0-9]+m`, 'g');

function view(changes: Partial<View> = {}): View {
  return { status: pipeline(), rates: noRates, now, note: null, colour: false, ...changes };
}

/** A lane that reads as fast as it comes nearer. */
const speed = (read: number, closing = read): LaneRate => ({ read, closing });

const long = 'x'.repeat(300);

const busy = pipeline({
  status: 'REBUILDING',
  capture: {
    status: 'COPYING',
    progress: captured({
      lagBytes: 1e12,
      copies: {
        'public.products': { done: false, rows: 520, estimatedRows: 1_000 },
        'public.customers': { done: true, rows: 1_000, estimatedRows: 1_000 },
        'public.never_analysed': { done: false, rows: 7, estimatedRows: -1 },
        [`public.${long}`]: { done: false, rows: 1e9, estimatedRows: 2e9 },
      },
    }),
    problem: null,
  },
  stores: {
    [`search${long}`]: store(`search${long}`, {
      status: 'REBUILDING',
      generations: [
        { number: 2, mappingHash: 'b', role: 'building', progress: lane({ lagRecords: 3_000 }) },
        { number: 1, mappingHash: 'a', role: 'live', progress: lane({ lagRecords: 1e12, lagSeconds: 1e7 }) },
      ],
      rebuild: { reason: `a new mapping ${long} with many words in it`, phase: 'building' },
      problem: { type: 'Blocked', reason: 'log-truncated', message: `gone ${long}`, at: 'T', count: 3 },
    }),
  },
});

describe('render', () => {
  it('shows each store with status, generation, position, offset, lag and rate', () => {
    const rates = { ...noRates, capture: 12, stores: { replica: { 1: speed(34.5) }, search: { 1: speed(1_234) } } };
    expect(render(view({ rates }))).toEqual([
      'shop                                     LIVE                            2025-01-02 03:04:05 UTC',
      '',
      '             status       gen          position     offset           lag   behind           rate',
      'capture      LIVE                     0/199E7D0                      0 B               12.0 ch/s',
      'replica      LIVE           1         0/199E7D0         42         0 rec    0.0 s     34.5 rec/s',
      'search       LIVE           1         0/199E7D0         42         0 rec    0.0 s    1,234 rec/s',
    ]);
  });

  const statuses: StatusName[] = [
    'STARTING',
    'COPYING',
    'CATCHING_UP',
    'LIVE',
    'PAUSED',
    'DEGRADED',
    'BLOCKED',
    'REBUILDING',
    'STOPPED',
  ];
  /** Everything long and large at once, in one status. */
  const inStatus = (status: StatusName): PipelineStatus => ({
    ...busy,
    pipeline: long,
    status,
    capture: { ...busy.capture, status },
    stores: Object.fromEntries(Object.entries(busy.stores).map(([name, known]) => [name, { ...known, status }])),
  });
  const rates = {
    capture: 1e12,
    copies: 1e12,
    stores: { [`search${long}`]: { 1: speed(1e12, 1e-9), 2: speed(1, 1) } },
  };

  it.each(statuses)('never writes a line longer than 100 columns when %s, whatever the names and numbers', (status) => {
    for (const later of [0, 12_000, 1e9]) {
      const lines = render(view({ status: inStatus(status), rates, now: now + later, note: `${long} ${long}` }));
      expect(lines.filter((line) => line.length > width)).toEqual([]);
      expect(lines.join('\n')).toContain('xxx…');
    }
  });

  it('shows progress only for copies under way, and a bar only when the total is known', () => {
    const lines = render(view({ status: busy })).filter((line) => line.startsWith('  copying'));
    expect(lines).toHaveLength(3);
    expect(lines[0]).toContain('[############------------]  52 %  520 of about 1,000 rows');
    expect(lines[1]).toContain('7 rows');
    expect(lines[1]).not.toContain('[');
  });

  it('of hundreds of tables shows those under way and next, and how many more there are', () => {
    const waiting = Object.fromEntries(
      Array.from({ length: 300 }, (_, at) => [`public.t${at}`, { done: at < 10, rows: 0, estimatedRows: 5 }]),
    );
    const copies = { ...waiting, 'public.big': { done: false, rows: 7, estimatedRows: 9 } };
    const status = pipeline({ capture: { status: 'COPYING', progress: captured({ copies }), problem: null } });
    const lines = render(view({ status })).filter((line) => / copying| and /.test(line));
    expect(lines).toHaveLength(9);
    expect(lines[0]).toContain('public.big');
    expect(lines[1]).toContain('public.t10 ');
    expect(lines[8]).toBe('  and 283 more tables of about 1,415 rows');
  });

  it('says how fast rows are copied, and how long still when all totals are known', () => {
    const copies = { 'public.products': { done: false, rows: 400, estimatedRows: 1_000 } };
    const status = pipeline({ capture: { status: 'COPYING', progress: captured({ copies }), problem: null } });
    expect(render(view({ status, rates: { ...noRates, copies: 50 } }))).toContain(
      '  copying 50.0 rows/s, about 12 s left',
    );
    expect(render(view({ status: busy, rates: { ...noRates, copies: 50 } }))).toContain('  copying 50.0 rows/s');
  });

  it.each([
    [speed(100), ', about 30 s left'],
    [speed(100, 10), ', about 5 min left'],
    [speed(100, -5), ''],
    [null, ''],
  ])('says by how fast the distance shrinks when a store has caught up: %j', (rate, eta) => {
    const behind = lane({ lagRecords: 3_000, lagSeconds: 9 });
    const generations = [{ number: 1, mappingHash: 'a', role: 'live' as const, progress: behind }];
    const status = pipeline({ stores: { search: store('search', { status: 'CATCHING_UP', generations }) } });
    const lines = render(view({ status, rates: { ...noRates, stores: { search: { 1: rate } } } }));
    expect(lines).toContain(`  catching up [######------------------]  25 %${eta}  1,000 of 4,000 records`);
  });

  it('lists the live generation first and says how far the one being built has come', () => {
    const text = render(view({ status: busy })).join('\n');
    expect(text.indexOf('REBUILDING    ')).toBeLessThan(text.indexOf('building  '));
    expect(text).toContain('building [######------------------]  25 %  1,000 of 4,000 records');
    expect(text).toContain('rebuild (building): a new mapping');
  });

  it('names the reason of a problem', () => {
    expect(render(view({ status: busy })).join('\n')).toContain('Blocked log-truncated at T, 3 times: gone');
  });

  it('says how old a progress is that nobody renews', () => {
    expect(render(view({ now: now + 4_000 })).join('\n')).not.toContain('these numbers');
    expect(
      render(view({ now: now + 12_000 })).filter((line) => line.includes('these numbers are 12.0 s old')),
    ).toHaveLength(3);
  });

  it('says of each table how long it takes, and that the copy is paused', () => {
    const copies = {
      'public.a': { done: false, rows: 500, estimatedRows: 1_000, rowsPerSecond: 50, secondsLeft: 10 },
      'public.b': { done: false, rows: 0, estimatedRows: 60_000, secondsLeft: 1_210 },
    };
    const of = (changes: Partial<PipelineStatus['capture']>) => {
      const capture = { ...pipeline().capture, progress: captured({ copies }), ...changes };
      return render(view({ status: pipeline({ capture }) })).filter((line) => line.includes('cop'));
    };
    expect(of({})).toEqual([
      expect.stringMatching(/public\.a .*500 of ~1,000, about 10 s left$/) as string,
      expect.stringMatching(/public\.b .*0 of ~60,000, about 20 min left$/) as string,
    ]);
    expect(of({ copyPaused: true }).at(-1)).toBe('  the copy is paused; changes are followed');
  });

  it('says of a slot that is not well what it keeps, and once what is wrong', () => {
    const lines = (changes: Partial<PipelineStatus['capture']>) => {
      const capture = { ...pipeline().capture, ...changes };
      return render(view({ status: pipeline({ capture }) })).slice(4, -2);
    };
    expect(lines({ slot: slot() })).toEqual([]);
    expect(lines({ status: 'DEGRADED', slot: slotInDanger, problem: slotProblem(slotInDanger) })).toEqual([
      '  slot keeps 56 MiB of WAL (extended), 8,192 KiB left, lost in about 3 min',
      '  SlotAtRisk at 2025-01-02T03:04:05.000Z: The slot keeps 56 MB of WAL. Process 7 holds it.',
    ]);
    expect(lines({ slot: { ...slotInDanger, level: 'warning', lostInMinutes: null } })).toEqual([
      '  slot keeps 56 MiB of WAL (extended), 8,192 KiB left',
      '  The slot keeps 56 MB of WAL.',
      '  Process 7 holds it.',
    ]);
    expect(lines({ slot: { ...slotInDanger, level: 'warning', leftBytes: null, notes: [] } })[0]).toContain('no limit');
  });

  it('has no rate for what does not report', () => {
    const rates = { ...noRates, capture: 12, stores: { replica: { 1: speed(34.5) } } };
    expect(render(view({ rates, now: now + 12_000 })).join('\n')).not.toMatch(/12\.0 ch|34\.5 rec/);
  });

  it('counts what is parked, and says that a build is held for it', () => {
    const parked = { records: 1_234, rows: 7 };
    const generations = [{ number: 2, mappingHash: 'b', role: 'building' as const, progress: lane({ parked }) }];
    const lines = render(
      view({ status: pipeline({ stores: { search: store('search', { generations, held: true }) } }) }),
    );
    expect(lines[5]).toBe('  generation 2: 1,234 records of 7 rows are parked');
    expect(lines.slice(6).join('').replace(/ +/g, ' ')).toContain('"parked accept"');
    expect(render(view()).join('\n')).not.toContain('parked');
  });

  it('shows a store that has not begun', () => {
    const starting = store('search', { status: 'STARTING', generations: [] });
    const lines = render(view({ status: pipeline({ stores: { search: starting } }) }));
    expect(lines[4]).toBe(
      'search       STARTING       -                 -          -             -        -              -',
    );
  });

  it('only adds colours to what it writes without them', () => {
    const plain = render(view({ status: busy, note: 'No worker answers.' }));
    const coloured = render(view({ status: busy, note: 'No worker answers.', colour: true }));
    expect(coloured.join('')).not.toBe(plain.join(''));
    expect(coloured.map((line) => line.replace(escape, ''))).toEqual(plain);
  });
});

describe('renderLine', () => {
  it('puts everybody in one line for a log', () => {
    expect(renderLine({ status: pipeline(), now, note: null })).toBe(
      '2025-01-02 03:04:05 UTC  shop LIVE | capture LIVE | replica LIVE lag 0 (0.0 s) | search LIVE lag 0 (0.0 s)',
    );
  });
});
