import { randomUUID } from 'node:crypto';
import { readExtents } from '../../../stream/extents';
import { ensureTopics, type TopicsOptions } from '../../../stream/topics';
import { readLastPosition } from '../../../stream/positions';
import { waitFor } from '../../support/wait';
import { closing, LogFixture } from './log-fixture';

jest.setTimeout(180_000);

describe('the topics of a log', () => {
  let log: LogFixture;
  let options: TopicsOptions;
  beforeEach(async () => {
    log = await LogFixture.create(['public.a'], 2);
    options = {
      kafka: log.kafka(),
      prefix: log.prefix,
      tables: ['public.a'],
      partitions: 2,
      replicationFactor: 1,
      windowDays: 7,
    };
  });
  afterEach(() => log.close());

  test('are made once, and again changes nothing but adds what is new', async () => {
    expect(await ensureTopics(options)).toEqual({ [`${log.prefix}.public.a`]: 2 });
    expect(await ensureTopics({ ...options, tables: ['public.a', 'public.b'] })).toEqual({
      [`${log.prefix}.public.a`]: 2,
      [`${log.prefix}.public.b`]: 2,
    });
  });

  test('made by two attempts at once are made once', async () => {
    const fresh = { ...options, prefix: `t${randomUUID().slice(0, 8)}` };
    const made = await Promise.all([ensureTopics(fresh), ensureTopics({ ...fresh, kafka: log.kafka() })]);
    expect(made[0]).toEqual(made[1]);
  });

  test('with other partition counts are log-replaced', async () => {
    await expect(ensureTopics({ ...options, partitions: 3 })).rejects.toMatchObject({
      reason: 'log-replaced',
      message: expect.stringContaining('Set log.partitions to 2') as string,
    });
  });

  test('that would forget rows or tombstones are refused with the command that mends them', async () => {
    await expect(ensureTopics({ ...options, windowDays: 8 })).rejects.toMatchObject({
      name: 'InvalidConfig',
      message: expect.stringContaining('delete.retention.ms=691200000') as string,
    });
    const admin = log.kafka().admin();
    await admin.connect();
    const policy = 'cleanup.policy';
    const configEntries = [{ name: policy, value: 'delete' }];
    const resource = { type: 2, name: `${log.prefix}.positions`, configEntries };
    await admin.alterConfigs({ validateOnly: false, resources: [resource] });
    // The controller has taken it when it answers; what a broker says follows some moments later.
    await waitFor({
      what: 'the broker to say the new policy',
      seconds: 20,
      look: () =>
        admin.describeConfigs({ includeSynonyms: false, resources: [{ ...resource, configNames: [policy] }] }),
      until: ({ resources: [told] }) =>
        told?.configEntries.some(({ configName, configValue }) => configName === policy && configValue === 'delete') ===
        true,
    });
    await admin.disconnect();
    await expect(ensureTopics(options)).rejects.toMatchObject({
      name: 'InvalidConfig',
      message: expect.stringContaining(`--topic ${log.prefix}.positions --add-config cleanup.policy=compact`) as string,
    });
  });

  test('hold what they hold, whether they are asked about together or, as kafkajs shows to everybody, one by one', async () => {
    const several = await LogFixture.create(['public.a', 'public.b', 'public.c'], 3);
    try {
      const writer = await several.writer();
      await writer.append(several.records(500), closing(10));
      const kafka = several.kafka();
      const shown: typeof kafka = {
        admin: (config) => kafka.admin(config),
        consumer: (config) => kafka.consumer(config),
        producer: (config) => kafka.producer(config),
        logger: () => kafka.logger(),
      };
      // A commit is answered before its markers are in all partitions, and until then a partition ends where it began.
      const together = await waitFor({
        what: 'the markers of the commit to be in all partitions',
        seconds: 20,
        look: () => readExtents(kafka, several.topics),
        until: (extents) => [...extents.values()].flat().every(({ high }) => high > 0),
      });
      expect(together).toEqual(await readExtents(shown, several.topics));
      expect([...together.values()].map((partitions) => partitions.length)).toEqual([3, 3, 3]);
    } finally {
      await several.close();
    }
  });

  test('are never made by asking for them', async () => {
    const prefix = `t${randomUUID().slice(0, 8)}`;
    expect(await readLastPosition({ kafka: log.kafka(), prefix })).toBeNull();
    const admin = log.kafka().admin();
    await admin.connect();
    expect((await admin.listTopics()).filter((topic) => topic.startsWith(prefix))).toEqual([]);
    await admin.disconnect();
  });
});
