import { alternate, compared } from '../alternate';
import { openBacklog, type Backlog } from '../backlog';
import type { Bench, Measure, Result } from '../measure';
import { dropIndexes } from '../operation';
import { openRunner } from '../runner';
import { askSearch, assertEqual, readIndex, readRowsAsDocuments } from '../truth';
import type { FollowSpec } from '../variants/follow';
import type { RawElasticsearchSpec } from '../variants/raw-elasticsearch';

const defaultChanges = 100_000;

export const elasticsearch: Measure = {
  name: 'elasticsearch',
  question: 'How fast does one lane bring a backlog of the log into an Elasticsearch index?',
  parts: ['postgres', 'kafka', 'elasticsearch'],
  async run(bench) {
    const backlog = await openBacklog(bench, defaultChanges);
    const ours = openRunner('follow', bench.options);
    const raw = openRunner('rawElasticsearch', bench.options);
    try {
      const expected = await readRowsAsDocuments(backlog.sourceUrl);
      const check = async (index: string) => {
        assertEqual(`Index ${index}`, expected, await readIndex(bench.addresses.elasticsearch, index));
      };
      const sides = {
        ours: { run: (at: number) => runOurs(bench, backlog, { runner: ours, at, check }) },
        raw: { run: (at: number) => runRaw(bench, backlog, { runner: raw, at, check }) },
      };
      const results = await alternate(sides, bench.options.runs, bench.say);
      return [summary(backlog, results)];
    } finally {
      await Promise.all([ours.close(), raw.close()]);
      await dropIndexes(bench.addresses.elasticsearch, backlog.name);
      await backlog.close();
    }
  },
};

interface Run {
  readonly runner: ReturnType<typeof openRunner>;
  readonly at: number;
  readonly check: (index: string) => Promise<void>;
}

async function runOurs(bench: Bench, { name, place, log, changes }: Backlog, { runner, at, check }: Run) {
  const number = at + 2; // the warm-up builds generation 1
  const reading = await runner.run({ place, log, store: 'search', number, changes } satisfies FollowSpec);
  await check(`${name}-g${number}`);
  // The first generation stays: the raw side's indexes are made like it.
  if (number > 1) await askSearch(bench.addresses.elasticsearch, `/${name}-g${number}`, null, 'DELETE');
  return reading;
}

async function runRaw({ addresses }: Bench, { name, place, log, changes }: Backlog, { runner, at, check }: Run) {
  const index = `${name}-raw-${at + 1}`;
  await createLike(addresses.elasticsearch, `${name}-g1`, index);
  const reading = await runner.run({ place, log, index, changes } satisfies RawElasticsearchSpec);
  await check(index);
  await askSearch(addresses.elasticsearch, `/${index}`, null, 'DELETE');
  return reading;
}

/** Same fields, same durability, and no refresh either: what differs is who writes. */
async function createLike(url: string, model: string, index: string): Promise<void> {
  const found = (await askSearch(url, `/${model}/_mapping`, null, 'GET')) as Record<string, { mappings: object }>;
  await askSearch(
    url,
    `/${index}`,
    {
      settings: { auto_expand_replicas: '0-1', refresh_interval: '-1', translog: { durability: 'request' } },
      mappings: found[model]?.mappings ?? {},
    },
    'PUT',
  );
}

function summary({ workload }: Backlog, { ours, raw }: Awaited<ReturnType<typeof alternate<'ours' | 'raw'>>>): Result {
  return {
    ...compared(ours, raw),
    measure: 'elasticsearch',
    case: 'one lane',
    unit: 'changes/s',
    rawIs: '`_bulk` with external versions, 500 documents a request, 4 under way',
    details: {},
    workload,
    compared: 'every field of every document of both sides with the source, by digest, after each run',
  };
}
