import { positionsTopic } from '../model/names';
import { offsetOf } from '../model/offsets';
import { openCopies } from '../model/open-copies';
import { lsnToText } from '../model/position';
import { slotAtRisk } from '../model/slot-risk';
import type { SlotHealth } from '../model/slot-sample';
import type {
  CaptureProgress,
  CaptureStatus,
  CopyProgress,
  GenerationStatus,
  PipelineStatus,
  Problem,
  StatusName,
  StoreStatus,
} from '../model/status';
import type { OrderName } from './messages';

/**
 * What the web UI shows beside a workflow (User Metadata), for somebody who sees it for the first time: how it is and
 * what that asks of them, what it does, how far it is, what to type. Markdown, at most 4 KB whatever the number of
 * tables, stores and problems. Lists and no tables: the UI sets the cells of a table without any space between them.
 */
const limit = 4_096;
/** Of it for a list, so that what there is to do always has room beside it. */
const listLimit = 2_000;

/** What a status means, and what it asks of whoever reads it. */
const advice: Readonly<Record<StatusName, string>> = {
  STARTING: 'being prepared. Wait.',
  COPYING: 'the rows that exist are copied into the log. Wait.',
  CATCHING_UP: 'reads what the log holds already. Wait.',
  LIVE: 'follows. Nothing to do.',
  PAUSED: 'somebody asked for it. `resume` goes on.',
  DEGRADED: 'something does not answer. It is tried every 5 to 60 s, for ever: bring it back; `retry` tries now.',
  BLOCKED: 'going on would lose or spoil something, so it stands still. Cure the cause, then `retry`.',
  REBUILDING: 'readers use the live generation while the next one is built beside it. Wait.',
  STOPPED: 'was told to stop. Starting the pipeline again goes on from here.',
};

export function syncDetails(workflowId: string, status: PipelineStatus): string {
  const stores = Object.values(status.stores);
  const parts = [
    part('capture', status.capture, captureProgress(status.capture)),
    ...stores.map((store) => part(store.store, store, storeProgress(store))),
  ];
  const lanes = stores.flatMap(({ generations }) => generations.map(({ progress }) => progress));
  return compose([
    headline(status.status),
    `Keeps the stores of pipeline \`${status.pipeline}\` equal to their PostgreSQL source: capture writes every change to the log, and each store follows the log.`,
    list(parts),
    asOf([status.capture.progress, ...lanes]),
    toSee(workflowId, status.pipeline),
    toSteer(workflowId, [...orders(status.status), 'stop']),
  ]);
}

export function captureDetails(workflowId: string, pipeline: string, status: CaptureStatus): string {
  return compose([
    isAtRisk(status) ? atRisk : headline(status.status),
    problemLine(status.problem),
    `Reads the changes of pipeline \`${pipeline}\`'s source from its WAL and writes them to the log. ${captureProgress(status)}.`,
    status.status === 'PAUSED' || status.status === 'BLOCKED'
      ? 'Until it goes on, the source keeps its WAL for it: watch its disk.'
      : '',
    slotLine(status.slot),
    list(copyParts(status.progress?.copies ?? {})),
    status.copyPaused
      ? `The copy is paused; changes are followed. To go on: \`copy\` with \`{"action":"resume"}\`.`
      : '',
    asOf([status.progress]),
    toSee(workflowId, pipeline),
    toSteer(workflowId, isAtRisk(status) ? ['resume', 'pause'] : orders(status.status)),
  ]);
}

export function storeDetails(input: {
  readonly workflowId: string;
  readonly pipeline: string;
  readonly prefix: string;
  readonly status: StoreStatus;
}): string {
  const { workflowId, pipeline, prefix, status } = input;
  const generations = status.generations.map(
    (generation) =>
      `generation ${generation.number} (${readers[generation.role]}): ${laneProgress(generation, prefix)}`,
  );
  const rebuild = status.rebuild && `Rebuild, ${status.rebuild.phase}: ${oneLine(status.rebuild.reason)}`;
  return compose([
    headline(status.status),
    problemLine(status.problem),
    `Keeps store \`${status.store}\` of pipeline \`${pipeline}\` equal to the source, by following the log.`,
    rebuild ?? '',
    list(generations),
    status.generations.some(({ progress }) => progress?.parked)
      ? `Parked records wait to be tried again or let go: \`npx slipstream parked list ${pipeline} ${status.store}\`.`
      : '',
    status.held
      ? `The next generation has parked more than the live one and is not promoted before they go through, or \`parked\` with \`{"action":"accept"}\`.`
      : '',
    asOf(status.generations.map(({ progress }) => progress)),
    toSee(workflowId, pipeline),
    toSteer(workflowId, [...orders(status.status), 'rebuild']),
  ]);
}

const readers: Readonly<Record<GenerationStatus['role'], string>> = {
  live: 'what readers see',
  building: 'being built, not yet read',
};

function headline(status: StatusName): string {
  return `**${status}**: ${advice[status]}`;
}

/** Capture works, or was paused, and its slot is what is wrong. */
const atRisk = '**DEGRADED**: the replication slot may be lost, and with it the log. Do what is said below, soon.';

function isAtRisk({ status, problem }: CaptureStatus): boolean {
  return status === 'DEGRADED' && problem?.type === slotAtRisk;
}

function slotLine(slot: SlotHealth | undefined): string {
  if (!slot || slot.retainedBytes === null) return '';
  const { retainedBytes, leftBytes, walStatus, lostInMinutes } = slot;
  const megabytes = (bytes: number) => `${grouped(bytes / 1024 ** 2)} MB`;
  const left = leftBytes === null ? 'no limit but the disk' : `${megabytes(leftBytes)} left before it may be lost`;
  const rate = lostInMinutes === null ? '' : `, in about ${grouped(lostInMinutes)} min as it grows now`;
  return `The slot (${walStatus ?? 'unknown'}) makes the source keep ${megabytes(retainedBytes)} of WAL; ${left}${rate}.`;
}

function part(name: string, { status, problem }: CaptureStatus | StoreStatus, progress: string): string {
  const trouble = problem ? `. ${oneLine(problem.message).slice(0, 300)}` : '';
  return `**${name}** ${status}: ${progress}${trouble}`;
}

function captureProgress({ progress }: CaptureStatus): string {
  if (!progress) return 'not begun';
  return `at ${lsnToText(progress.position.lsn)}, ${grouped(progress.lagBytes)} bytes of WAL behind`;
}

/** Those under way first, those that are done last: a long list is cut. */
function copyParts(copies: CaptureProgress['copies']): string[] {
  const done = Object.entries(copies).filter(([, copy]) => copy.done);
  return [...openCopies(copies), ...done].map(([table, copy]) => `\`${table}\` ${copied(copy)}`);
}

function copied({ done, rows, estimatedRows, rowsPerSecond, secondsLeft, sweeping }: CopyProgress): string {
  if (sweeping) return 'is swept: rows that are gone are looked for';
  if (done) return `copied, ${grouped(rows)} rows`;
  const of = estimatedRows > 0 ? ` of about ${grouped(Math.max(rows, estimatedRows))}` : '';
  const rate = rowsPerSecond === undefined ? '' : `, ${grouped(rowsPerSecond)} a second`;
  const eta = secondsLeft === undefined ? '' : `, done in about ${grouped(Math.ceil(secondsLeft / 60))} min`;
  return `${rows === 0 ? 'waits its turn' : 'copying'}, ${grouped(rows)}${of} rows${rate}${eta}`;
}

function storeProgress({ generations }: StoreStatus): string {
  if (generations.length === 0) return 'not begun';
  return generations.map((generation) => `generation ${generation.number} ${lag(generation)}`).join('; ');
}

function laneProgress(generation: GenerationStatus, prefix: string): string {
  const { progress } = generation;
  if (!progress) return 'not begun';
  const at = offsetOf(progress.next, positionsTopic(prefix), 0) ?? '0';
  return `${lag(generation)}; at ${lsnToText(progress.position.lsn)}, positions offset ${at}`;
}

function lag({ progress }: GenerationStatus): string {
  if (!progress) return 'not begun';
  const parked = progress.parked ? `, **${grouped(progress.parked.records)} parked**` : '';
  return `${grouped(progress.lagRecords)} records (${progress.lagSeconds.toFixed(1)} s) behind${parked}`;
}

function problemLine(problem: Problem | null): string {
  if (!problem) return '';
  const times = problem.count > 1 ? `, ${problem.count} times` : '';
  return `**${problem.reason ?? problem.type}** at ${problem.at}${times}: ${oneLine(problem.message).slice(0, 600)}`;
}

/** Details move when a slice ends; without its age, a number of half a minute ago looks like one of now. */
function asOf(progress: readonly ({ readonly at: number } | null)[]): string {
  const at = Math.max(0, ...progress.map((each) => each?.at ?? 0));
  if (at === 0) return '';
  return `As of ${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC, the end of the last slice. To see it as it is now:`;
}

function toSee(workflowId: string, pipeline: string): string {
  return code([`npx slipstream status ${pipeline} --watch`, `temporal workflow query -w ${workflowId} --type status`]);
}

/** The orders that make sense now; the others are in the dialog. */
function orders(status: StatusName): readonly OrderName[] {
  if (status === 'PAUSED') return ['resume'];
  return status === 'DEGRADED' || status === 'BLOCKED' ? ['retry', 'pause'] : ['pause'];
}

function toSteer(workflowId: string, names: readonly OrderName[]): string {
  const lines = names.flatMap((name) => {
    const line = `temporal workflow signal -w ${workflowId} --name ${name}`;
    // On two lines, since the UI cuts at its frame what is longer.
    return name === 'rebuild' ? [`${line} \\`, `  --input '{"reason":"new mapping"}'`] : [line];
  });
  return `To steer it, type this, or use More Actions, Send a Signal:\n\n${code(lines)}`;
}

function list(entries: readonly string[]): string {
  const lines: string[] = [];
  let room = listLimit;
  for (const line of entries.map((entry) => `- ${entry}`)) {
    room -= line.length + 1;
    if (room < 0) return [...lines, `- … and ${entries.length - lines.length} more`].join('\n');
    lines.push(line);
  }
  return lines.join('\n');
}

function code(lines: readonly string[]): string {
  return ['```', ...lines, '```'].join('\n');
}

/** 1234567 → `1,234,567`. By hand: workflow code must not depend on what a machine knows of languages. */
function grouped(number: number): string {
  return String(Math.round(number)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** One paragraph, whatever an error's text holds. */
function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}

/** Cut between paragraphs, so that no list or code block stays open. What is to be typed counts more than lists. */
function compose(paragraphs: readonly string[]): string {
  const encoder = new TextEncoder();
  const there = paragraphs.filter((each) => each !== '');
  const fits = (chosen: readonly string[]) => encoder.encode(chosen.join('\n\n')).length <= limit;
  const kept = [...there];
  while (!fits(kept)) {
    const longest = kept.reduce((found, each) => (each.length > found.length ? each : found), '');
    kept.splice(kept.indexOf(longest), 1);
  }
  return kept.join('\n\n');
}
