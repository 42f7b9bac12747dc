import { execFileSync } from 'node:child_process';
import { projectFolder } from '../examples/shop/project-folder';
import { createKafka } from '../stream/kafka';
import { untilGroupsCanJoin } from '../test/support/kafka-ready';
import { readAddresses } from './addresses';
import { parseArguments, usage, UsageError, type Arguments } from './arguments';
import { machine } from './machine';
import type { Measure, Result } from './measure';
import { measures } from './measures';
import { writeReport } from './report';
import { lastLine, line, save } from './results';
import { readServers } from './servers';
import { rounded } from './statistics';

async function main(args: readonly string[]): Promise<void> {
  const { command, ...how } = parseArguments(args);
  if (command === 'report') return writeReport();
  await runMeasure(measures[command], how, `npm run bench -- ${args.join(' ')}`);
}

async function runMeasure(
  measure: Measure,
  { options, save: keep, json }: Pick<Arguments, 'options' | 'save' | 'json'>,
  command: string,
): Promise<void> {
  const addresses = readAddresses(measure.parts, process.env);
  const say = (text: string) => process.stderr.write(`  ${text}\n`);
  say(`${measure.name}: ${measure.question}`);
  say(`on ${machine()}; seed ${options.seed}`);
  // Servers that were started for this measure answer later than they listen; a measure is not a place to wait for them.
  if (addresses.kafka) await untilGroupsCanJoin(createKafka({ brokers: [addresses.kafka], clientId: 'bench-ready' }));
  const results = await measure.run({ addresses, options, say });
  const [headline] = results;
  if (!headline) throw new Error(`${measure.name} has measured nothing.`);
  if (keep) {
    const circumstances = {
      date: new Date().toISOString(),
      command,
      commit: commit(),
      machine: machine(),
      servers: await readServers(addresses),
    };
    await save(
      measure.name,
      results.map((result) => ({ ...result, ...circumstances })),
    );
  }
  for (const result of results) process.stdout.write(`${json ? line(result) : describe(result)}\n`);
  if (json) process.stdout.write(`${lastLine(headline)}\n`);
}

function describe({ measure, case: name, value, unit, raw, rawIs, ratio, runs, cost, details }: Result): string {
  const figure = (of: number) => rounded(of).toLocaleString('en-US');
  const lines = [
    `${measure}, ${name}: ${figure(value)} ${unit}; raw ${figure(raw)}; ratio ${ratio.toFixed(2)} (${runs} runs)`,
    `  raw: ${rawIs}`,
    ...Object.entries(details).map(([what, of]) => `  ${what}: ${figure(of)}`),
  ];
  if (cost) {
    const { ours, raw: without } = cost;
    lines.push(
      `  CPU of Node, s per million: ${figure(ours.cpuSecondsPerMillion)}; raw ${figure(without.cpuSecondsPerMillion)}`,
      `  peak memory, MiB: ${figure(ours.peakRssMiB)}; raw ${figure(without.peakRssMiB)}`,
    );
  }
  return lines.join('\n');
}

function commit(): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: projectFolder, encoding: 'utf8' }).trim();
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no', '--', ':!bench/results', ':!docs');
    return `${git('rev-parse', '--short', 'HEAD')}${changed === '' ? '' : '+'}`;
  } catch {
    return 'unknown'; // a checkout without git is allowed to measure too
  }
}

main(process.argv.slice(2)).then(
  // A client library's timers must not keep a finished bench from ending.
  () => process.exit(0),
  (error: unknown) => {
    const wrong = error instanceof UsageError;
    process.stderr.write(`${wrong ? `${error.message}\n\n${usage}` : String((error as Error).stack ?? error)}\n`);
    process.exit(wrong ? 2 : 1);
  },
);
