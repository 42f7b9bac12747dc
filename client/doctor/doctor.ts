import { readFile } from 'node:fs/promises';
import { InvalidConfig } from '../../model/errors';
import { finding, type Finding, type PartReport } from '../../model/finding';
import { readPipeline, type Pipeline } from '../../model/pipeline';
import { parseSettings, type Settings } from '../../model/settings';
import { countFindings, renderDoctor } from './render';
import type { Outcome } from '../outcome';
import { wantsColour, type Output } from '../status/screen';

type Environment = Readonly<Record<string, string | undefined>>;

/** The looks at servers; tests give others. */
export interface DoctorParts {
  readonly examine: (input: {
    readonly pipeline: Pipeline | null;
    readonly kafkaBrokers: readonly string[];
    readonly environment: Environment;
  }) => Promise<readonly PartReport[]>;
  readonly checkTemporal: (settings: Settings) => Promise<PartReport>;
}

/** Loaded when it is needed: the other commands have no use for drivers. */
const realParts = async (): Promise<DoctorParts> => {
  const [{ examine }, { checkTemporal }] = await Promise.all([import('../../worker/deps'), import('./check-temporal')]);
  return { examine, checkTemporal };
};

/**
 * `slipstream doctor`: everything a pipeline needs, looked at before anything is created, and all that is wrong at once.
 * Changes nothing anywhere. `invalidConfig` when there is an error among the findings; warnings are allowed.
 */
export async function doctor(
  command: { readonly file: string; readonly json: boolean },
  around: { readonly output: Output; readonly environment: Environment },
  openParts: () => Promise<DoctorParts> = realParts,
): Promise<Outcome> {
  const { output, environment } = around;
  const { pipeline, report } = await checkFile(command.file);
  const settings = readSettings(environment);
  const reports = Array.isArray(settings)
    ? [report, { part: 'environment', facts: [], findings: settings }]
    : [report, ...(await lookAround(pipeline, settings, environment, await openParts()))];
  const counts = countFindings(reports);
  if (command.json) {
    output.write(`${JSON.stringify({ pipeline: pipeline?.name ?? null, ...counts, parts: reports })}\n`);
  } else {
    const terminal = output.isTTY === true;
    const look = { colour: wantsColour(output, environment), unicode: terminal, columns: output.columns ?? 100 };
    output.write(`${renderDoctor({ reports, ...look }).join('\n')}\n`);
  }
  return counts.errors === 0 ? 'ok' : 'invalidConfig';
}

async function lookAround(
  pipeline: Pipeline | null,
  settings: Settings,
  environment: Environment,
  { examine, checkTemporal }: DoctorParts,
): Promise<readonly PartReport[]> {
  const servers = examine({ pipeline, kafkaBrokers: settings.kafkaBrokers, environment });
  const [temporal, parts] = await Promise.all([checkTemporal(settings), servers]);
  return [...parts, temporal];
}

async function checkFile(path: string): Promise<{ readonly pipeline: Pipeline | null; readonly report: PartReport }> {
  const part = 'file';
  const unreadable = (what: string, cure: string) => ({
    pipeline: null,
    report: { part, facts: [], findings: [finding('file-unreadable', { where: path, what, cure })] },
  });
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'no reason given';
    return unreadable(
      `it cannot be read (${code}).`,
      'Give the path of a JSON file; slipstream init writes a first one.',
    );
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    return unreadable(`it is not JSON: ${(error as Error).message}.`, 'Correct it at the place that is named.');
  }
  const { pipeline, findings } = readPipeline(content);
  return { pipeline, report: { part, facts: pipeline ? [describe(pipeline)] : [], findings } };
}

function describe({ name, source, stores }: Pipeline): string {
  const names = Object.keys(stores);
  return `pipeline ${name}: ${source.tables.length} tables, ${names.length} stores (${names.join(', ')})`;
}

function readSettings(environment: Environment): Settings | Finding[] {
  try {
    return parseSettings(environment);
  } catch (error) {
    if (!(error instanceof InvalidConfig)) throw error;
    const cure = 'Correct the variable; docs/settings.md has them all.';
    return [finding('setting-invalid', { where: 'the environment', what: error.message, cure })];
  }
}
