import { lsnToText } from '../../model/position';
import type { GenerationStatus, PipelineStatus, Problem, StatusName, StoreStatus } from '../../model/status';
import { copyLines, readingLines, slotLines } from './progress-lines';
import { noRates, positionsOffset, type LaneRate, type Rates } from './rates';
import { bytes, count, duration, left, painter, rate, right, wrap, type Colour, type Paint } from '../text';

/** Everything a picture depends on. */
export interface View {
  readonly status: PipelineStatus;
  readonly rates: Rates;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** Something to know about the picture itself, such as: no worker answers. */
  readonly note: string | null;
  readonly colour: boolean;
}

/** No line is longer, whatever the names and numbers. */
export const width = 100;

/** Progress older than this is not "now": slices beat every second. */
const staleSeconds = 5;

const colourOf: Readonly<Record<StatusName, Colour | null>> = {
  STARTING: 'cyan',
  COPYING: 'cyan',
  CATCHING_UP: 'cyan',
  LIVE: 'green',
  PAUSED: 'yellow',
  DEGRADED: 'yellow',
  BLOCKED: 'red',
  REBUILDING: 'cyan',
  STOPPED: 'dim',
};

/** A pipeline as lines of at most 100 columns. Pure: the same view gives the same lines. */
export function render(view: View): string[] {
  const { status, note, now } = view;
  const paint = painter(view.colour);
  return [
    `${paint(left(status.pipeline, 40), 'bold')} ${statusCell(status.status, paint)}${right(clock(now), 43)}`,
    '',
    paint(row('', 'status', 'gen', 'position', 'offset', 'lag', 'behind', 'rate'), 'dim'),
    ...captureLines(view, paint),
    ...Object.values(status.stores).flatMap((store) => storeLines(view, store, paint)),
    ...(note === null ? [] : ['', ...block(note, 'yellow', paint)]),
  ];
}

function captureLines({ status: { capture }, rates: known, now }: View, paint: Paint): string[] {
  const { progress } = capture;
  const rates = isStale(progress, now) ? noRates : known;
  const head = row(
    'capture',
    capture.status,
    '',
    progress ? lsnToText(progress.position.lsn) : '-',
    '',
    progress ? bytes(progress.lagBytes) : '-',
    '',
    `${rate(rates.capture)} ch/s`,
  );
  return [
    coloured(head, capture.status, paint),
    ...ageLines(progress, capture.status, now, paint),
    ...copyLines(capture, rates, width),
    ...slotLines(capture, width).map((line) => paint(line, 'yellow')),
    ...problemLines(capture.problem, paint),
  ];
}

function storeLines({ rates, now }: View, store: StoreStatus, paint: Paint): string[] {
  const [first, ...others] = [...store.generations].sort((a, b) => roleOrder(a) - roleOrder(b));
  const rateOf = ({ number, progress }: GenerationStatus) =>
    isStale(progress, now) ? null : (rates.stores[store.store]?.[number] ?? null);
  const name = store.store;
  const head = first
    ? laneRow(name, store.status, first, rateOf(first))
    : row(name, store.status, '-', '-', '-', '-', '-', '-');
  return [
    coloured(head, store.status, paint),
    ...ageLines(first?.progress ?? null, store.status, now, paint),
    ...(first ? readingLines(first, rateOf(first), width) : []),
    ...others.flatMap((generation) => [
      laneRow('', generation.role, generation, rateOf(generation)),
      ...readingLines(generation, rateOf(generation), width),
    ]),
    ...store.generations.flatMap((generation) => parkedLines(generation, paint)),
    ...(store.held ? block(heldBack, 'yellow', paint) : []),
    ...(store.rebuild ? wrap(`rebuild (${store.rebuild.phase}): ${store.rebuild.reason}`, width - 2).map(indent) : []),
    ...problemLines(store.problem, paint),
  ];
}

const heldBack =
  'the next generation is held: it has parked more than the live one ("parked retry", or "parked accept")';

function parkedLines({ number, progress }: GenerationStatus, paint: Paint): string[] {
  if (!progress?.parked) return [];
  const { records, rows } = progress.parked;
  return block(`generation ${number}: ${count(records)} records of ${count(rows)} rows are parked`, 'yellow', paint);
}

function roleOrder(generation: GenerationStatus): number {
  return generation.role === 'live' ? 0 : 1;
}

function laneRow(name: string, status: string, { number, progress }: GenerationStatus, speed: LaneRate | null): string {
  if (!progress) return row(name, status, String(number), '-', '-', '-', '-', '-');
  return row(
    name,
    status,
    String(number),
    lsnToText(progress.position.lsn),
    positionsOffset(progress.next) ?? '-',
    `${count(progress.lagRecords)} rec`,
    duration(progress.lagSeconds),
    `${rate(speed?.read ?? null)} rec/s`,
  );
}

function problemLines(problem: Problem | null, paint: Paint): string[] {
  if (!problem) return [];
  const what = problem.reason === undefined ? problem.type : `${problem.type} ${problem.reason}`;
  const times = problem.count > 1 ? `, ${count(problem.count)} times` : '';
  return block(
    `${what} at ${problem.at}${times}: ${problem.message}`,
    problem.type === 'Blocked' ? 'red' : 'yellow',
    paint,
  );
}

function block(text: string, colour: Colour, paint: Paint): string[] {
  return wrap(text, width - 2).map((line) => paint(indent(line), colour));
}

function indent(line: string): string {
  return `  ${line}`;
}

/** name 12, status 12, gen 3, position 17, offset 10, lag 13, behind 8, rate 14: 96 with the spaces between. */
function row(...cells: [string, string, string, string, string, string, string, string]): string {
  const [name, status, generation, position, offset, lag, behind, speed] = cells;
  return [
    left(name, 12),
    left(status, 12),
    right(generation, 3),
    right(position, 17),
    right(offset, 10),
    right(lag, 13),
    right(behind, 8),
    right(speed, 14),
  ].join(' ');
}

function coloured(line: string, status: StatusName, paint: Paint): string {
  return line.replace(` ${status.padEnd(12)} `, () => ` ${statusCell(status, paint)} `);
}

function statusCell(status: StatusName, paint: Paint): string {
  return paint(status, colourOf[status]) + ' '.repeat(Math.max(0, 12 - status.length));
}

/** A number that has not moved because nobody reports is worse than none: it is said how old it is. */
function ageLines(progress: { at: number } | null, status: StatusName, now: number, paint: Paint): string[] {
  if (!progress || status === 'STOPPED' || !isStale(progress, now)) return [];
  return [paint(indent(`these numbers are ${duration((now - progress.at) / 1_000)} old`), 'yellow')];
}

function isStale(progress: { at: number } | null, now: number): boolean {
  return progress !== null && now - progress.at >= staleSeconds * 1_000;
}

function clock(now: number): string {
  return `${new Date(now).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** One line for a log: everybody's status and lag. */
export function renderLine({ status, now, note }: Omit<View, 'colour' | 'rates'>): string {
  const stores = Object.values(status.stores).map((store) => {
    const live = store.generations.find((generation) => generation.role === 'live') ?? store.generations[0];
    const lag = live?.progress ? ` lag ${count(live.progress.lagRecords)} (${duration(live.progress.lagSeconds)})` : '';
    return `${store.store} ${store.status}${lag}`;
  });
  const parts = [`${status.pipeline} ${status.status}`, `capture ${status.capture.status}`, ...stores];
  return `${clock(now)}  ${parts.join(' | ')}${note === null ? '' : ` | ${note}`}`;
}
