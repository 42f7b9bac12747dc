import { positionsTopic } from '../model/names';
import { offsetOf } from '../model/offsets';
import { lsnToText } from '../model/position';
import type { CaptureStatus, GenerationStatus, PipelineStatus, Problem, StoreStatus } from '../model/status';

/**
 * What the web UI shows beside a workflow: what it does, how far it is, what to type next. Markdown, at most 4 KB
 * whatever the number of tables, stores and problems.
 */
const limit = 4_096;
const rowsShown = 20;

export function syncDetails(workflowId: string, status: PipelineStatus): string {
  const parts = [
    ['capture', status.capture.status, captureProgress(status.capture)],
    ...Object.values(status.stores).map((store) => [store.store, store.status, storeProgress(store)]),
  ];
  return compose([
    `**${status.status}** — keeps the stores of pipeline \`${status.pipeline}\` equal to their source.`,
    table(['part', 'status', 'progress'], parts),
    commands(workflowId, ['pause', 'resume', 'stop'], 'status'),
  ]);
}

export function captureDetails(workflowId: string, pipeline: string, status: CaptureStatus): string {
  const copies = Object.entries(status.progress?.copies ?? {}).map(([name, copy]) => [
    name,
    copy.done ? 'copied' : 'copying',
    `${copy.rows}${copy.estimatedRows > 0 ? ` of about ${copy.estimatedRows}` : ''} rows`,
  ]);
  return compose([
    `**${status.status}** — turns the WAL of pipeline \`${pipeline}\`'s source into changes on the log. ${captureProgress(status)}`,
    problemLine(status.problem),
    copies.length === 0 ? '' : table(['table', 'copy', 'rows'], copies),
    commands(workflowId, status.status === 'BLOCKED' ? ['retry', 'stop'] : ['pause', 'resume', 'stop'], 'status'),
  ]);
}

export function storeDetails(input: {
  readonly workflowId: string;
  readonly pipeline: string;
  readonly prefix: string;
  readonly status: StoreStatus;
}): string {
  const { workflowId, pipeline, prefix, status } = input;
  const generations = status.generations.map((generation) => [
    `g${generation.number}`,
    generation.role,
    laneProgress(generation, prefix),
  ]);
  const rebuild = status.rebuild && `Rebuild (${status.rebuild.phase}): ${plain(status.rebuild.reason)}`;
  return compose([
    `**${status.status}** — keeps store \`${status.store}\` of pipeline \`${pipeline}\` equal to the log.`,
    problemLine(status.problem),
    rebuild ?? '',
    generations.length === 0 ? '' : table(['generation', 'role', 'progress'], generations),
    commands(workflowId, status.status === 'BLOCKED' ? ['retry'] : ['pause', 'resume'], 'status'),
    code(`temporal workflow signal -w ${workflowId} --name rebuild --input '{"reason":"new mapping"}'`),
  ]);
}

function captureProgress({ progress }: CaptureStatus): string {
  if (!progress) return 'Not begun.';
  return `At ${lsnToText(progress.position.lsn)}, ${progress.lagBytes} bytes of WAL behind.`;
}

function storeProgress({ generations }: StoreStatus): string {
  if (generations.length === 0) return 'Not begun.';
  return generations.map((generation) => `g${generation.number} ${generation.role}: ${lag(generation)}`).join('; ');
}

function laneProgress(generation: GenerationStatus, prefix: string): string {
  const { progress } = generation;
  if (!progress) return 'not begun';
  const at = offsetOf(progress.next, positionsTopic(prefix), 0) ?? '0';
  return `at ${lsnToText(progress.position.lsn)}, positions offset ${at}, ${lag(generation)}`;
}

function lag({ progress }: GenerationStatus): string {
  return progress ? `${progress.lagRecords} records (${progress.lagSeconds.toFixed(1)} s) behind` : 'not begun';
}

function problemLine(problem: Problem | null): string {
  if (!problem) return '';
  return `**${problem.reason ?? problem.type}** (${problem.count} times, last ${problem.at}): ${plain(problem.message).slice(0, 600)}`;
}

function commands(workflowId: string, signals: readonly string[], query: string): string {
  const lines = signals.map((name) => `temporal workflow signal -w ${workflowId} --name ${name}`);
  return code([`temporal workflow query -w ${workflowId} --type ${query}`, ...lines].join('\n'));
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(plain).join(' | ')} |`;
  const more = rows.length > rowsShown ? [`… and ${rows.length - rowsShown} more`] : [];
  return [line(head), line(head.map(() => '---')), ...rows.slice(0, rowsShown).map(line), ...more].join('\n');
}

function code(text: string): string {
  return `\`\`\`\n${text}\n\`\`\``;
}

/** One line that cannot break the table around it. */
function plain(text: string): string {
  return text.replace(/\s+/g, ' ').replaceAll('|', '\\|');
}

/** Cut between paragraphs, so that no table or code block stays open. */
function compose(paragraphs: readonly string[]): string {
  const encoder = new TextEncoder();
  let text = '';
  for (const paragraph of paragraphs.filter((each) => each !== '')) {
    const longer = text === '' ? paragraph : `${text}\n\n${paragraph}`;
    if (encoder.encode(longer).length <= limit) text = longer;
  }
  return text;
}
