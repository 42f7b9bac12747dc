import { openCaptureSession, prepareCapture } from '../../../capture/session';
import { otherOwner, readSlotNotes } from '../../../capture/source/slot-owner';
import { compareDecimal } from '../../../model/position';
import { waitFor } from '../../support/wait';
import { confirmed, streamedKeys, withItems } from './items';
import { MemoryLog } from './memory-log';
import { closeSources, createSource, type Source } from './source';

jest.setTimeout(180_000);
afterEach(closeSources);

describe('preparing', () => {
  it('is repeatable, and gives the log one id', async () => {
    const source = await withItems();
    const { logId } = source.options;
    await source.prepare();
    expect(source.options.logId).toBe(logId);
    expect(source.log.appends).toHaveLength(1);
    expect(source.log.last).toMatchObject({ closed: true, copies: {}, logId });
    expect(source.log.last?.position).toEqual({ lsn: await confirmed(source), index: 0 });
    const { rows } = await source.sql.query(`select relreplident from pg_class where relname = 'items'`);
    expect(rows).toEqual([{ relreplident: 'f' }]);
  });

  it('goes on after an attempt that died between the slot and the first record', async () => {
    const source = await createSource({
      statements: ['create table items (id int primary key)'],
      tables: ['public.items'],
    });
    const dying = async () => Promise.reject(new Error('killed'));
    await expect(source.prepare({ openWriter: dying })).rejects.toThrow('killed');
    await source.sql.query('insert into items values (1)');
    await source.prepare();
    const running = await source.capture();
    await source.log.until(() => streamedKeys(source).length === 1, 'the change');
    await running.stop();
  });

  it.each([
    ['create table t (id int)', 'add primary key'],
    ['create unlogged table t (id int primary key)', 'set logged'],
    ['create view t as select 1 as id', 'is a view'],
    ['select 1', 'does not exist'],
    [
      'create table t (a int not null unique, b int not null unique); alter table t replica identity using index t_a_key',
      'add primary key ("a")',
    ],
    [
      'create table root (id int primary key) partition by list (id); create table t partition of root for values in (1)',
      'Name the root',
    ],
  ])('refuses what cannot be captured: %s', async (statement, sentence) => {
    const source = await createSource({ statements: [statement], tables: ['public.t'] });
    await expect(source.prepare()).rejects.toMatchObject({
      name: 'InvalidConfig',
      message: expect.stringContaining(sentence) as string,
    });
  });

  it('takes a replica identity index for the key, also once whole rows are logged', async () => {
    const source = await createSource({
      statements: [
        'create table t (a int not null, b text not null, c text, unique (b, a))',
        'alter table t replica identity using index t_b_a_key',
      ],
      tables: ['public.t'],
    });
    await source.prepare();
    await source.prepare();
    const running = await source.capture();
    await source.sql.query(`insert into t values (1, 'x')`);
    await source.log.until(() => source.log.changes.length >= 1, 'the change');
    await running.stop();
    expect(Object.entries(source.log.changes.at(-1)?.key ?? {})).toEqual([
      ['b', 'x'],
      ['a', 1],
    ]);
  });

  it('tells what to do about a wrong password, database and privilege, and says no secret', async () => {
    const source = await createSource({ statements: ['create table t (id int primary key)'], tables: ['public.t'] });
    const role = `r${source.database}`;
    await source.sql.query(`create role ${role} login replication password 'hush'`);
    try {
      const url = new URL(source.url);
      url.username = role;
      url.password = 'hush';
      const unprivileged = openWith(source, url.href);
      await expect(unprivileged).rejects.toMatchObject({
        name: 'InvalidConfig',
        message: expect.stringContaining('grant select') as string,
      });
      await source.sql.query(`grant select on t to ${role}`);
      await expect(openWith(source, url.href)).rejects.toMatchObject({
        name: 'InvalidConfig',
        message: expect.stringContaining('alter table "public"."t" replica identity full') as string,
      });
      url.pathname = '/nowhere';
      await expect(openWith(source, url.href)).rejects.toMatchObject({
        name: 'InvalidConfig',
        message: expect.not.stringContaining('hush') as string,
      });
      url.port = '1';
      await expect(openWith(source, url.href)).rejects.toMatchObject({
        name: 'Unavailable',
        message: expect.not.stringContaining('hush') as string,
      });
    } finally {
      await source.sql.query(`drop owned by ${role}; drop role ${role}`);
    }
  });
});

describe('the slot of another pipeline, whose worker rests', () => {
  /** Two pipelines whose names differ in a dash: by default they have one slot, and one publication. */
  async function twoOfOneSlot() {
    const source = await withItems();
    await (await source.capture()).stop();
    const { pipeline } = source.options;
    const log = new MemoryLog();
    const options = {
      ...source.options,
      logId: null,
      pipeline: { ...pipeline, name: pipeline.name.replace('_', '-') },
    };
    const ensured = jest.fn(async () => undefined);
    return {
      source,
      log,
      options,
      ensured,
      prepare: () => prepareCapture(options, log.parts({ ensureTopics: ensured })),
    };
  }

  it('is refused, by its name, before anything is changed', async () => {
    const { source, log, ensured, prepare } = await twoOfOneSlot();
    const stood = await confirmed(source);
    await expect(prepare()).rejects.toMatchObject({
      name: 'InvalidConfig',
      message: expect.stringContaining(`is the pipeline ${source.options.pipeline.name}'s`) as string,
    });
    expect([ensured.mock.calls, log.appends, await confirmed(source)]).toEqual([[], [], stood]);
    const running = await source.capture();
    await source.sql.query('insert into items values (1)');
    await source.log.until(() => streamedKeys(source).length === 1, 'the change');
    await running.stop();
  });

  it('control: where nobody has noted whose it is, it is read, and the first pipeline finds a gap', async () => {
    const { source, log, options, prepare } = await twoOfOneSlot();
    await source.sql.query(`comment on publication ${options.pipeline.source.publication} is null`);
    const { logId } = await prepare();
    const other = await openCaptureSession({ ...options, logId }, log.parts());
    const controller = new AbortController();
    const ended = other.run({ signal: controller.signal, maxMs: 600_000, onProgress: () => undefined });
    await source.sql.query('insert into items values (1)');
    await log.until(() => log.changes.length > 0, 'the change');
    const last = source.log.last?.position.lsn ?? '0';
    await waitFor({
      what: 'the slot to have passed the first log',
      seconds: 20,
      look: () => confirmed(source),
      until: (lsn) => compareDecimal(lsn, last) > 0,
    });
    controller.abort();
    await ended;
    await other.close();
    await expect(source.capture()).rejects.toMatchObject({ name: 'Blocked', reason: 'slot-ahead' });
  });

  it('is there for the taking once it was dropped', async () => {
    const { source, options, prepare } = await twoOfOneSlot();
    const { slot } = options.pipeline.source;
    await source.sql.query('select pg_drop_replication_slot($1)', [slot]);
    await prepare();
    // Again, as after a death before the first record: it is this pipeline's now.
    expect(otherOwner(await readSlotNotes(source.sql), { pipeline: options.pipeline.name, slot })).toBeNull();
  });
});

async function openWith(source: Source, sourceUrl: string): Promise<unknown> {
  return prepareCapture({ ...source.options, sourceUrl }, source.log.parts());
}
