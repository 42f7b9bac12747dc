import type { Checks } from '../../../activities/checks/checks';
import { inTime } from '../../../activities/checks/in-time';
import { runChecks } from '../../../activities/checks/run-checks';
import { checkActivities } from '../../../activities/check';
import type { Deps } from '../../../activities/deps';
import { InvalidConfig } from '../../../model/errors';
import { finding, type Finding } from '../../../model/finding';
import type { FindingCode } from '../../../model/finding-codes';
import { parsePipeline } from '../../../model/pipeline';
import type { TableSchema } from '../../../model/schema';

const file = {
  name: 'shop',
  source: { url: { env: 'SOURCE' }, tables: ['public.orders'] },
  stores: {
    replica: { type: 'postgres', url: { env: 'REPLICA' }, schema: 'shop', tables: { 'public.orders': {} } },
    search: { type: 'elasticsearch', url: { env: 'SEARCH' }, index: 'shop', tables: { 'public.orders': {} } },
  },
};
const column = { typeId: 23, type: 'integer', baseType: 'int4', notNull: true, generated: false };
const orders: TableSchema = {
  ...{ name: 'public.orders', relationId: 1, columns: [{ ...column, name: 'id' }], key: ['id'] },
  ...{ replicaIdentity: 'f', estimatedRows: -1 },
};
const some = (code: FindingCode): Finding =>
  finding(code, { where: `at ${code}`, what: 'it is wrong.', cure: 'Mend it.' });

interface Broken {
  readonly source?: readonly FindingCode[];
  readonly log?: readonly FindingCode[];
  readonly replica?: readonly FindingCode[];
}

function checksOf({ source = [], log = [], replica = [] }: Broken): Checks {
  return {
    source: async () => ({
      ...{ part: 'source', facts: [], findings: source.map(some) },
      ...{ tables: [orders], slot: null, unpublished: [] },
    }),
    log: async () => ({ part: 'log', facts: [], findings: log.map(some), begun: false }),
    store: async ({ store }) => ({
      ...{ part: `stores.${store}`, facts: [], findings: store === 'replica' ? replica.map(some) : [] },
    }),
    continuity: async () => [],
  };
}

function activitiesWith(broken: Broken, secret: Deps['secret'] = () => 'postgres://u:hush@h/d') {
  const logged: string[] = [];
  const log = (_level: string, message: string) => void logged.push(message);
  const deps = { checks: checksOf(broken), secret, log } as unknown as Deps;
  return { check: () => checkActivities(deps).checkPipeline({ file }), logged };
}

describe('a start', () => {
  test('control: goes on when nothing is found', async () => {
    await expect(activitiesWith({}).check()).resolves.toMatchObject({ pipeline: { name: 'shop' } });
  });

  test('is refused with all that is wrong, of every part', async () => {
    const { check } = activitiesWith({
      source: ['wal-level', 'table-keyless'],
      log: ['topic-forgets'],
      replica: ['store-taken'],
    });
    const error: unknown = await check().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'InvalidConfig' });
    for (const code of ['wal-level', 'table-keyless', 'topic-forgets', 'store-taken']) {
      expect((error as Error).message).toContain(`at ${code}: it is wrong. Mend it.`);
    }
  });

  test('waits for a source that does not answer', async () => {
    await expect(activitiesWith({ source: ['source-unreachable'] }).check()).rejects.toMatchObject({
      name: 'Unavailable',
      message: expect.stringContaining('at source-unreachable') as string,
    });
  });

  test('does not wait when something is wrong besides: waiting would not mend it', async () => {
    const { check } = activitiesWith({ source: ['source-unreachable'], replica: ['store-taken'] });
    await expect(check()).rejects.toMatchObject({ name: 'InvalidConfig' });
  });

  test.each<Broken>([
    { replica: ['store-unreachable'] },
    { log: ['log-unreachable'] },
    { source: ['log-discontinued'] },
    { source: ['wal-kept-without-limit'] },
  ])('goes on with %j, and says so in the log', async (broken) => {
    const { check, logged } = activitiesWith(broken);
    await expect(check()).resolves.toBeDefined();
    expect(logged).toHaveLength(1);
  });

  test('is refused when a variable is not set, and says which', async () => {
    const { check } = activitiesWith({}, ({ env }) => {
      if (env === 'SEARCH') throw new InvalidConfig('not set');
      return 'postgres://u:hush@h/d';
    });
    await expect(check()).rejects.toMatchObject({
      name: 'InvalidConfig',
      message: expect.stringContaining('stores.search.url: the environment variable SEARCH is not set.') as string,
    });
  });
});

describe('the parts', () => {
  const pipeline = parsePipeline(file);
  const secret = () => 'postgres://u:hush@h/d';

  test('that fail in an unforeseen way are one finding each, which quotes nothing, and the others are told', async () => {
    const failing = async () => Promise.reject(new TypeError('hush: a row, a password'));
    const checks = { ...checksOf({ log: ['topic-forgets'] }), source: failing, store: failing };
    const reports = await runChecks({ pipeline, checks, secret, continuity: true });
    expect(reports.map(({ part, findings }) => [part, findings.map(({ code }) => code)])).toEqual([
      ['source', ['source-unanswered']],
      ['log', ['topic-forgets']],
      ['stores.replica', ['store-unanswered']],
      ['stores.search', ['store-unanswered']],
    ]);
    expect(JSON.stringify(reports)).not.toContain('hush');
  });

  test('that hang are told to end, and are not waited for', async () => {
    let told: AbortSignal | null = null;
    const limit = { ms: 5, where: 'x', code: 'store-unanswered', otherwise: (found: Finding) => found } as const;
    const result = await inTime(limit, (signal) => {
      told = signal;
      return new Promise<Finding>(() => undefined);
    });
    expect(result).toMatchObject({ code: 'store-unanswered', what: 'no answer within 0.005 s.' });
    expect(told).toMatchObject({ aborted: true });
  });

  test.each([
    [true, false, true],
    [true, true, false],
    [false, false, false],
  ])(
    'whether the log fits its source is asked for people, of a log that is begun: %s, %s',
    async (begun, atStart, asked) => {
      const continuity = jest.fn(async () => [some('log-discontinued')]);
      const log = async () => ({ part: 'log', facts: [], findings: [], begun });
      const checks = { ...checksOf({}), log, continuity };
      const reports = await runChecks({ pipeline, checks, secret, continuity: !atStart });
      expect(continuity).toHaveBeenCalledTimes(asked ? 1 : 0);
      expect(reports[1]?.findings).toHaveLength(asked ? 1 : 0);
    },
  );
});
