import { parseArgs } from 'node:util';
import { measureNames, type BenchOptions, type MeasureName } from './measure';

export const usage = `usage: npm run bench -- <measure> [--runs N] [--changes N] [--seconds N] [--seed S] [--parallel N] [--profile DIR] [--save] [--json]
       npm run bench -- report       writes the saved results into docs/performance.md

measures: ${measureNames.join(' ')}

  --runs      pairs of runs, ours and raw; default 5, at least 1
  --changes   changes of one run; default: the measure's own
  --seconds   of one run of idle and leader; default: the measure's own
  --seed      of the workload; default 2014
  --parallel  connections of the PostgreSQL store, 2 to 16, of postgres only; default: one
  --profile   writes a CPU profile of each process to this folder (for node's and Chromium's inspectors)
  --save      keeps the results in bench/results/<measure>.jsonl
  --json      one JSON line per case on stdout; the last line is {"measure","value","unit","raw","ratio","runs"}`;

/** The command line is wrong; the message says how. */
export class UsageError extends Error {}

export interface Arguments {
  readonly command: MeasureName | 'report';
  readonly options: BenchOptions;
  readonly save: boolean;
  readonly json: boolean;
}

export function parseArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parse(args);
  const [command, ...more] = positionals;
  if (command === undefined || more.length > 0) throw new UsageError('Name one measure.');
  const known = command === 'report' ? command : measureNames.find((name) => name === command);
  if (!known) throw new UsageError(`There is no measure '${command}'.`);
  return {
    command: known,
    options: {
      runs: whole('runs', values.runs),
      changes: values.changes === undefined ? null : whole('changes', values.changes),
      seconds: values.seconds === undefined ? null : whole('seconds', values.seconds),
      seed: whole('seed', values.seed),
      parallel: values.parallel === undefined ? null : connections(known, values.parallel),
      profile: values.profile ?? null,
    },
    save: values.save,
    json: values.json,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        runs: { type: 'string', default: '5' },
        changes: { type: 'string' },
        seconds: { type: 'string' },
        seed: { type: 'string', default: '2014' },
        parallel: { type: 'string' },
        profile: { type: 'string' },
        save: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function connections(command: string, text: string): number {
  if (command !== 'postgres') throw new UsageError(`--parallel is of postgres alone, not of ${command}.`);
  if (!/^([2-9]|1[0-6])$/.test(text)) throw new UsageError(`--parallel ${text}: expected a whole number from 2 to 16.`);
  return Number(text);
}

function whole(name: string, text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`--${name} ${text}: expected a whole number from 1 on.`);
  return Number(text);
}
