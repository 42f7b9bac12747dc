import { parseArgs } from 'node:util';
import { runProgram, UsageError, wholeNumber } from '../support/program';
import { soak } from './run';

const usage = `usage: npm run soak -- [--minutes N] [--seed S] [--rate N] [--json]

  --minutes   how long changes flow; default 5, at least 2. Workers are killed in the first half; columns come, go, and
              change names, types and defaults, and tables are emptied, all the time
  --seed      of writers, kills and changes of tables; default: drawn and printed
  --rate      row changes a second at most, beside some ten of the tables that change; default 500
  --json      nothing but the last line on stdout

The last line is {"minutes","seed","changes","kills","tableChanges","truncations","lost","wrong","repeated","memory"}; the
exit code is 0 if nothing was lost, wrong (out of order is wrong) or repeated, and memory flat: its last quarter at most a
tenth above its first, of 8 minutes at least. 1 otherwise, 2 for a usage error.`;

function parse(args: string[]) {
  const { values } = parseArgs({
    args,
    options: {
      minutes: { type: 'string', default: '5' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
      rate: { type: 'string', default: '500' },
      json: { type: 'boolean', default: false },
    },
  });
  const minutes = wholeNumber('minutes', values.minutes);
  if (minutes < 2) throw new UsageError('--minutes: at least 2, or memory has no time to grow.');
  return { minutes, seed: wholeNumber('seed', values.seed), rate: wholeNumber('rate', values.rate), json: values.json };
}

async function main(args: string[]): Promise<number> {
  const { minutes, seed, rate, json } = parse(args);
  const started = Date.now();
  const say = (line: string) => (json ? process.stderr : process.stdout).write(`${line}\n`);
  say(`${minutes} minutes, seed ${seed}`);
  const { examples, ...verdict } = await soak({
    ...{ minutes, seed, changesPerSecond: rate },
    report: (line) => say(`  ${((Date.now() - started) / 1_000).toFixed(0).padStart(5)} s  ${line}`),
  });
  for (const example of examples) say(`    ${example}`);
  process.stdout.write(`${JSON.stringify({ minutes, seed, ...verdict })}\n`);
  return verdict.lost + verdict.wrong + verdict.repeated === 0 && verdict.memory?.flat !== false ? 0 : 1;
}

runProgram(main, usage);
