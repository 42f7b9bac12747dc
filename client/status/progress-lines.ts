import { openCopies } from '../../model/open-copies';
import { slotAtRisk } from '../../model/slot-risk';
import type { CaptureStatus, GenerationStatus } from '../../model/status';
import { tableOffsets, type LaneRate, type Rates } from './rates';
import { bar, bytes, howLong, count, fit, left, rate, timeLeft, wrap } from '../text';

/** What is under way: how far, how fast, how long still. Lines that fit into `width`, none when nothing is. Pure. */

const barWidth = 24;
/** A live store that is further behind than this has something to catch up with. */
const behindSeconds = 5;

/** The picture fits on a screen, however many tables there are. */
const mostTables = 8;

/** One line for each of the tables whose rows are being copied or are next, and one for all of them. */
export function copyLines(capture: CaptureStatus, { copies: perSecond }: Rates, width: number): string[] {
  const copies = openCopies(capture.progress?.copies ?? {});
  if (copies.length === 0) return [];
  // A line that says "and 1 more" would take the room of what it stands for.
  const shown = copies.length === mostTables + 1 ? copies.length : mostTables;
  const tables = copies.slice(0, shown).map(([table, { rows, estimatedRows, secondsLeft, sweeping }]) => {
    if (sweeping) return fit(`  sweeping ${left(table, 28)} for rows that are gone`, width);
    // Statistics are old at times: a copy that has passed them does not show more than 100 %.
    const total = estimatedRows < 0 ? null : Math.max(estimatedRows, rows);
    const line = (length: number, more: string) =>
      fit(`  copying ${left(table, 28)} ${bar(rows, total, length)}${more}`, width);
    if (total === null) return line(barWidth, '');
    // With how long it takes, the line has less room for everything else.
    if (secondsLeft !== undefined) return line(12, `  ${count(rows)} of ~${count(total)}, ${howLong(secondsLeft)}`);
    return line(barWidth, `  ${count(rows)} of about ${count(total)} rows`);
  });
  const others = copies.slice(shown);
  if (others.length > 0) {
    const rows = others.reduce((sum, [, { estimatedRows }]) => sum + Math.max(0, estimatedRows), 0);
    tables.push(fit(`  and ${count(others.length)} more tables of about ${count(rows)} rows`, width));
  }
  if (capture.copyPaused) return [...tables, '  the copy is paused; changes are followed'];
  if (perSecond === null) return tables;
  // Without statistics of every table nobody can say how long.
  const isKnown = copies.every(([, { estimatedRows }]) => estimatedRows >= 0);
  const missing = copies.reduce((sum, [, { rows, estimatedRows }]) => sum + Math.max(0, estimatedRows - rows), 0);
  const eta = isKnown ? timeLeft(missing, perSecond) : null;
  return [...tables, fit(`  copying ${rate(perSecond)} rows/s${eta === null ? '' : `, ${eta}`}`, width)];
}

/** Nothing while the slot is well. Of one in danger the notes stand below already, as the problem. */
export function slotLines({ slot, problem }: CaptureStatus, width: number): string[] {
  if (!slot || slot.level === 'well' || slot.retainedBytes === null) return [];
  const { retainedBytes, leftBytes, lostInMinutes, walStatus, notes } = slot;
  const room = leftBytes === null ? 'no limit' : `${bytes(leftBytes)} left`;
  const soon = lostInMinutes === null ? '' : `, lost in about ${lostInMinutes} min`;
  const head = `  slot keeps ${bytes(retainedBytes)} of WAL (${walStatus ?? '?'}), ${room}${soon}`;
  const told = problem?.type === slotAtRisk ? [] : notes;
  return [fit(head, width), ...told.flatMap((note) => wrap(note, width - 2).map((line) => `  ${line}`))];
}

/** A generation being built, or a live one that is far behind: how much of the log it has read. */
export function readingLines({ role, progress }: GenerationStatus, speed: LaneRate | null, width: number): string[] {
  if (!progress || (role === 'live' && progress.lagSeconds < behindSeconds)) return [];
  const read = Object.values(tableOffsets(progress.next))
    .flatMap((partitions) => Object.values(partitions))
    .reduce((sum, next) => sum + Number(next), 0);
  const total = read + progress.lagRecords;
  if (total === 0 || progress.lagRecords === 0) return [];
  const what = role === 'building' ? 'building' : 'catching up';
  // By how fast the distance shrinks, not by how fast records are read: writers do not wait.
  const eta = speed ? timeLeft(progress.lagRecords, speed.closing) : null;
  const far = `${bar(read, total, barWidth)}${eta === null ? '' : `, ${eta}`}`;
  return [fit(`  ${what} ${far}  ${count(read)} of ${count(total)} records`, width)];
}
