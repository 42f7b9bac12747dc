import { readdir, readFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectFolder } from '../examples/shop/project-folder';
import type { Result } from './measure';
import { rounded } from './statistics';

/** A result as it is kept. */
export interface SavedResult extends Result {
  /** ISO 8601, UTC. */
  readonly date: string;
  readonly command: string;
  /** Commit of the code that ran; `+` behind it: with changes that were not committed. */
  readonly commit: string;
  readonly machine: string;
  /** Part → version of the server. */
  readonly servers: Readonly<Record<string, string>>;
}

const folder = join(projectFolder, 'bench', 'results');

/** The last line of `--json`: pinned, since scripts read it. */
export function lastLine({ measure, value, unit, raw, ratio, runs }: Result): string {
  return JSON.stringify({
    measure,
    value: rounded(value),
    unit,
    raw: rounded(raw),
    ratio: Number(ratio.toFixed(3)),
    runs,
  });
}

/** Replaces what was kept of this measure: how it was before is in the history of the file. */
export async function save(measure: string, results: readonly SavedResult[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${measure}.jsonl`), results.map((result) => `${line(result)}\n`).join(''));
}

/** One line of JSON with its figures rounded. */
export function line(result: Result): string {
  return JSON.stringify(result, (key, value: unknown) => {
    if (typeof value !== 'number') return value;
    return key === 'ratio' ? Number(value.toFixed(3)) : rounded(value);
  });
}

export async function readResults(): Promise<readonly SavedResult[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.jsonl')).sort();
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')));
  return texts.flatMap((text) =>
    text
      .split('\n')
      .filter((row) => row !== '')
      .map((row) => JSON.parse(row) as SavedResult),
  );
}
