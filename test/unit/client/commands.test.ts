import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseCommand } from '../../../client/arguments';
import { runCommand } from '../../../client/commands';
import type { Operations } from '../../../client/operations';
import { pipeline } from './samples';

const file = {
  name: 'shop',
  source: { url: { env: 'SHOP_DATABASE_URL' }, tables: ['public.orders'] },
  stores: {
    search: { type: 'elasticsearch', url: { env: 'E' }, index: 'shop', tables: { 'public.orders': {} } },
  },
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipstream-client-'));
});
afterAll(() => rm(folder, { recursive: true }));

function fakeOperations() {
  return {
    start: jest.fn().mockResolvedValue({ pipeline: 'shop', workflowId: 'sync/shop', runId: 'r' }),
    status: jest.fn().mockResolvedValue(pipeline()),
    pause: jest.fn().mockResolvedValue(undefined),
    resume: jest.fn().mockResolvedValue(undefined),
    retry: jest.fn().mockResolvedValue(undefined),
    rebuild: jest.fn().mockResolvedValue(undefined),
    copy: jest.fn().mockResolvedValue(undefined),
    parked: jest.fn().mockResolvedValue(undefined),
    stop: jest.fn().mockResolvedValue(undefined),
  } satisfies Operations;
}

async function run(line: readonly string[], operations = fakeOperations()) {
  const written: string[] = [];
  const opened = jest.fn(() => Promise.resolve<Operations>(operations));
  const output = { write: (text: string) => written.push(text) };
  const around = {
    operations: opened,
    output,
    diagnostics: output,
    environment: {},
    signal: new AbortController().signal,
  };
  const error = await runCommand(parseCommand(line), around).then(
    () => null,
    (reason: unknown) => reason,
  );
  return { text: written.join(''), error, opened, operations };
}

describe('start', () => {
  it('sends the file as it is written', async () => {
    const path = join(folder, 'shop.json');
    await writeFile(path, JSON.stringify(file));
    const { operations, text, error } = await run(['start', path, '--json']);
    expect(error).toBeNull();
    expect(operations.start).toHaveBeenCalledWith(file);
    expect(JSON.parse(text)).toEqual({ pipeline: 'shop', workflowId: 'sync/shop', runId: 'r' });
  });

  it.each([
    ['unknown.json', { ...file, surprise: true }, /surprise/],
    ['incomplete.json', { name: 'shop' }, /source/],
  ])('refuses %s with the place, before it opens a connection', async (name, content, why) => {
    const path = join(folder, name);
    await writeFile(path, JSON.stringify(content));
    const { error, opened } = await run(['start', path]);
    expect(error).toMatchObject({ name: 'InvalidConfig', message: expect.stringMatching(why) as string });
    expect(opened).not.toHaveBeenCalled();
  });

  it('says which file cannot be read', async () => {
    const { error } = await run(['start', join(folder, 'absent.json')]);
    expect(error).toMatchObject({
      name: 'InvalidConfig',
      message: expect.stringMatching(/absent\.json.*ENOENT/) as string,
    });
  });
});

describe('the messages', () => {
  it.each([
    [['pause', 'shop'], 'pause', ['shop', null]],
    [['resume', 'shop', '--store', 'search'], 'resume', ['shop', 'search']],
    [['retry', 'shop'], 'retry', ['shop', null]],
    [['stop', 'shop'], 'stop', ['shop']],
    [['copy', 'shop', '--table', 'public.a'], 'copy', ['shop', { table: 'public.a' }]],
    [
      ['copy', 'shop', '--table', 'public.a', '--key', '{"id":1}'],
      'copy',
      ['shop', { table: 'public.a', keys: [{ id: 1 }] }],
    ],
    [['copy', 'shop', '--pause'], 'copy', ['shop', { action: 'pause' }]],
    [['copy', 'shop', '--resume'], 'copy', ['shop', { action: 'resume' }]],
    [['rebuild', 'shop', '--store', 's', '--reason', 'r'], 'rebuild', [{ pipeline: 'shop', store: 's', reason: 'r' }]],
  ] as const)('%j', async (line, operation, parameters) => {
    const { operations, error } = await run(line);
    expect(error).toBeNull();
    expect(operations[operation]).toHaveBeenCalledWith(...parameters);
  });

  it('carry the definition of a rebuild', async () => {
    const path = join(folder, 'definition.json');
    await writeFile(path, JSON.stringify(file.stores.search));
    const { operations } = await run(['rebuild', 'shop', '--store', 's', '--reason', 'r', '--definition', path]);
    const order = { pipeline: 'shop', store: 's', reason: 'r', definition: file.stores.search };
    expect(operations.rebuild).toHaveBeenCalledWith(order);
  });
});

describe('a definition that cannot be right', () => {
  it.each([
    ['no store', { name: 'shop' }, /stores\.s\.type/],
    ['no tables', { ...file.stores.search, tables: {} }, /stores\.s\.tables/],
    ['tables that are none', { ...file.stores.search, tables: { orders: {} } }, /not a table name/],
    ['not even an object', 7, /stores\.s/],
    ['nothing, which is not the same as no file', null, /stores\.s/],
  ])('is refused before anything is sent: %s', async (_, definition, why) => {
    const path = join(folder, 'wrong.json');
    await writeFile(path, JSON.stringify(definition));
    const { error, opened } = await run(['rebuild', 'shop', '--store', 's', '--reason', 'r', '--definition', path]);
    expect(error).toMatchObject({ name: 'InvalidConfig', message: expect.stringMatching(why) as string });
    expect(opened).not.toHaveBeenCalled();
  });
});

describe('status', () => {
  it('prints a picture, or JSON that is the status and nothing else', async () => {
    expect((await run(['status', 'shop'])).text).toContain('replica      LIVE');
    expect(JSON.parse((await run(['status', 'shop', '--json'])).text)).toEqual(pipeline());
  });
});
