import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { InvalidConfig } from '../../model/errors';
import { parsePipeline } from '../../model/pipeline';
import { resolveSecret } from '../../model/settings';
import type { InitCommand } from './arguments';
import { planPipeline, type InitPlan, type PlanInput } from './plan';
import { nextSteps, reportLines } from './report';
import { CommandFailure } from '../outcome';
import type { Output } from '../status/screen';
import { matches } from './table-pattern';

/** What is asked of the source and the stores; tests give another. */
export interface InitParts {
  readonly takeInventory: (url: string, wanted: (table: string) => boolean) => Promise<PlanInput['inventory']>;
  readonly suggestTables: PlanInput['suggestTables'];
}

interface InitSurroundings {
  /** The answer. */
  readonly output: Output;
  /** What people read besides. */
  readonly diagnostics: Output;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Loaded when it is needed: the other commands have no use for drivers. */
const realParts = async (): Promise<InitParts> => import('../../worker/deps');

/**
 * `slipstream init`: writes a first pipeline file from the live catalogue of a database, which it does not change.
 * Nothing is written when anything is in the way. Throws `InvalidConfig`, `Unavailable`, `CommandFailure`.
 */
export async function init(
  command: InitCommand,
  { output, diagnostics, environment }: InitSurroundings,
  openParts: () => Promise<InitParts> = realParts,
): Promise<void> {
  const url = resolveHere(command.urlEnv, environment);
  const toOutput = command.out === '-';
  // Before the source is asked, which may take a while; `writeFile` refuses as well, should one come meanwhile.
  if (!toOutput && !command.force && existsSync(command.out)) throw fileExists(command.out);
  const parts = await openParts();
  const plan = await planFor(command, url, parts);
  // What we write has to be what we read; a mistake of ours shows here and not at the start.
  const { name: pipeline } = parsePipeline(plan.file);
  const text = `${JSON.stringify(plan.file, null, 2)}\n`;
  if (!toOutput) await write(command, text);
  const path = toOutput ? '<file>' : command.out;
  const variables = [command.urlEnv, ...command.stores.map(({ urlEnv }) => urlEnv)];
  const next = nextSteps({ path, pipeline, variables: [...new Set(variables)] });
  if (command.json) {
    output.write(`${JSON.stringify({ file: toOutput ? null : command.out, ...answer(plan) })}\n`);
    return;
  }
  diagnostics.write(`${reportLines(plan).join('\n')}\n`);
  if (toOutput) output.write(text);
  const closing = [
    `${toOutput ? '' : `Wrote ${command.out}: `}pipeline ${pipeline}. Next:`,
    ...next.map((line) => `  ${line}`),
  ];
  (toOutput ? diagnostics : output).write(`${closing.join('\n')}\n`);
}

async function planFor(command: InitCommand, url: string, parts: InitParts): Promise<InitPlan> {
  const { tables: patterns, pipeline: name, urlEnv, stores, out } = command;
  const seen: string[] = [];
  const inventory = await parts.takeInventory(url, (table) => {
    seen.push(table);
    return patterns.length === 0 || patterns.some((pattern) => matches(pattern, table));
  });
  const schema = schemaSeenFrom(out === '-' ? '.' : dirname(out));
  return planPipeline({ inventory, seen, patterns, name, urlEnv, stores, schema, suggestTables: parts.suggestTables });
}

/** For scripts: `--json`. */
function answer({ file, tables, leftOut, remarks }: InitPlan) {
  return {
    pipeline: file,
    tables: tables.map(({ schema, rows, bytes }) => ({ table: schema.name, key: schema.key, rows, bytes })),
    leftOut,
    remarks,
  };
}

function resolveHere(variable: string, environment: InitSurroundings['environment']): string {
  if ((environment[variable] ?? '') === '') {
    throw new InvalidConfig(
      `The environment variable ${variable} is not set here. Put the source's URL into it, or name another with --url-env:\n` +
        `  read -rs ${variable} && export ${variable}     # postgres://user:password@host:port/database`,
    );
  }
  return resolveSecret({ env: variable }, environment);
}

async function write({ out, force }: InitCommand, text: string): Promise<void> {
  try {
    await writeFile(out, text, { flag: force ? 'w' : 'wx' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw fileExists(out);
    throw new InvalidConfig(`The file ${out} cannot be written (${code ?? 'unknown'}). Name another with --out.`);
  }
}

function fileExists(out: string): CommandFailure {
  return new CommandFailure(
    'usage',
    `${out} exists, and nothing was written. Name another file with --out, or overwrite it with --force.`,
  );
}

/** The published JSON Schema of this installation, relative to a folder, so that the file names no machine's paths. */
function schemaSeenFrom(folder: string): string {
  const path = relative(resolve(folder), join(projectFolder(__dirname), 'docs', 'pipeline.schema.json'));
  const portable = path.split('\\').join('/');
  return portable.startsWith('.') ? portable : `./${portable}`;
}

/** From sources and from dist alike. */
function projectFolder(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : projectFolder(dirname(folder));
}
