import { parseArgs } from 'node:util';
import type { KafkaClients } from '../support/clients';
import { everyPoint, type CrashPoint } from '../support/misdeeds';
import { runProgram, UsageError, wholeNumber } from '../support/program';
import type { Points } from './plan';
import { runOnce } from './run';

const usage = `usage: npm run faults -- --tier real [--runs N] [--seed S] [--changes N] [--rate N] [--points all|NAME,…]
                      [--producer fast|stock] [--consumer fast|stock] [--json]

  --tier real   faults on real servers (the model tier is not there yet)
  --runs        pipelines, one after the other; default 1
  --seed        of the first run, the next ones count up; default: drawn and printed
  --changes     row changes of each run at least; default 1000
  --rate        row changes a second at most; default 500
  --points      every point named, and three kills at random; default: a few faults of any kind, drawn
  --producer    what workers write to Kafka with; default: both in turn
  --consumer    what they read from it with; default: both in turn
  --json        nothing but the last line on stdout

points: ${everyPoint.join(' ')}

The last line is {"runs","lost","wrong","repeated"}; the exit code is 0 if nothing was lost or wrong, 1 if something was,
2 for a usage error.`;

interface Options {
  readonly runs: number;
  readonly seed: number;
  readonly changes: number;
  readonly rate: number;
  readonly points: Points;
  readonly clients: Partial<KafkaClients>;
  readonly json: boolean;
}

function parse(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      tier: { type: 'string' },
      runs: { type: 'string', default: '1' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
      changes: { type: 'string', default: '1000' },
      rate: { type: 'string', default: '500' },
      points: { type: 'string' },
      producer: { type: 'string' },
      consumer: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  if (values.tier !== 'real') throw new UsageError(`--tier ${values.tier ?? '(none)'}: only "real" is there yet.`);
  return {
    runs: wholeNumber('runs', values.runs),
    seed: wholeNumber('seed', values.seed),
    changes: wholeNumber('changes', values.changes),
    rate: wholeNumber('rate', values.rate),
    points: parsePoints(values.points),
    clients: { ...kindOf('producer', values.producer), ...kindOf('consumer', values.consumer) },
    json: values.json,
  };
}

function kindOf(option: keyof KafkaClients, value: string | undefined): Partial<KafkaClients> {
  if (value === undefined) return {};
  if (value !== 'fast' && value !== 'stock') throw new UsageError(`--${option}: fast or stock.`);
  return { [option]: value };
}

function parsePoints(text: string | undefined): Points {
  if (text === undefined) return 'drawn';
  if (text === 'all') return everyPoint;
  return text.split(',').map((name) => {
    const point = everyPoint.find((one) => one === name);
    if (!point) throw new UsageError(`--points: there is no point '${name}'.`);
    return point satisfies CrashPoint;
  });
}

async function main(args: string[]): Promise<number> {
  const { runs, seed, changes, rate, points, clients, json } = parse(args);
  const say = (line: string) => (json ? process.stderr : process.stdout).write(`${line}\n`);
  const total = { runs: 0, lost: 0, wrong: 0, repeated: 0 };
  for (let at = 0; at < runs; at += 1) {
    const own = seed + at;
    const started = Date.now();
    const seconds = () => ((Date.now() - started) / 1000).toFixed(0).padStart(4);
    say(`run ${at + 1} of ${runs}, seed ${own}`);
    total.runs += 1;
    try {
      const verdict = await runOnce({
        ...{ seed: own, changes, changesPerSecond: rate, points, clients },
        report: (line) => say(`  ${seconds()} s  ${line}`),
      });
      total.lost += verdict.lost;
      total.wrong += verdict.wrong;
      total.repeated += verdict.repeated;
      say(
        `  ${seconds()} s  ${verdict.changes} changes: ${verdict.lost} lost, ${verdict.wrong} wrong, ${verdict.repeated} repeated`,
      );
      for (const example of verdict.examples) say(`    ${example}`);
    } catch (error) {
      // A pipeline that does not come to rest has not shown that it is right.
      total.wrong += 1;
      say(`  ${seconds()} s  did not come to rest: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  process.stdout.write(`${JSON.stringify(total)}\n`);
  return total.lost === 0 && total.wrong === 0 ? 0 : 1;
}

runProgram(main, usage);
