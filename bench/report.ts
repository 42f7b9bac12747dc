import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectFolder } from '../examples/shop/project-folder';
import { readResults, type SavedResult } from './results';
import { measureNames } from './measure';
import { rounded } from './statistics';

const page = join(projectFolder, 'docs', 'performance.md');
const begin = '<!-- figures: written by `npm run bench -- report` -->';
const end = '<!-- end of figures -->';

/** Puts the saved results between the page's two marks. Throws when a mark is missing. */
export async function writeReport(): Promise<void> {
  const text = await readFile(page, 'utf8');
  await writeFile(page, replaceFigures(text, renderFigures(await readResults())));
}

export function replaceFigures(text: string, figures: string): string {
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`docs/performance.md has no place for figures: '${begin}' … '${end}'.`);
  return `${text.slice(0, from + begin.length)}\n\n${figures}\n${text.slice(to)}`;
}

const columns = ['measure', 'case', 'ours', 'raw', 'share of raw', 'runs (lowest – highest)', 'CPU s/M', 'peak MiB'];

export function renderFigures(results: readonly SavedResult[]): string {
  const sorted = [...results].sort(
    (left, right) => measureNames.indexOf(left.measure) - measureNames.indexOf(right.measure),
  );
  return [...table(sorted), '', ...details(sorted), '', ...circumstances(sorted), ''].join('\n');
}

function table(results: readonly SavedResult[]): string[] {
  const rows = results.map(({ measure, case: name, value, unit, raw, ratio, runs, samples, cost }) => [
    measure,
    name,
    `${figure(value)} ${unit}`,
    `${figure(raw)} ${unit}`,
    ratio.toFixed(2),
    `${runs} (${figure(Math.min(...samples.ours))} – ${figure(Math.max(...samples.ours))})`,
    cost ? `${figure(cost.ours.cpuSecondsPerMillion)} (raw ${figure(cost.raw.cpuSecondsPerMillion)})` : '',
    cost ? `${figure(cost.ours.peakRssMiB)} (raw ${figure(cost.raw.peakRssMiB)})` : '',
  ]);
  return [columns, columns.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
}

/** What raw is, and whatever else was read in the same runs. */
function details(results: readonly SavedResult[]): string[] {
  return results.map(({ measure, case: name, rawIs, workload, compared, details: more }) => {
    const figures = Object.entries(more).map(([what, value]) => `${what} ${figure(value)}`);
    const sentences = [`Workload: ${workload}.`, `Raw: ${rawIs}.`, `Compared: ${compared}.`];
    if (figures.length > 0) sentences.push(`Also: ${figures.join('; ')}.`);
    return `- **${measure}, ${name}.** ${sentences.join(' ')}`;
  });
}

/** Under which circumstances: one line for all measures that were taken alike. */
function circumstances(results: readonly SavedResult[]): string[] {
  const lines = results.map(({ date, command, commit, machine, servers }) => {
    const versions = Object.entries(servers).map(([name, version]) => `${name} ${version}`);
    return `- ${date.slice(0, 16).replace('T', ' ')} UTC, commit ${commit}: \`${command}\`. ${machine}; ${versions.join(', ')}.`;
  });
  return [...new Set(lines)];
}

function figure(value: number): string {
  return rounded(value).toLocaleString('en-US');
}
