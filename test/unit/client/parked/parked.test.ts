import { parseCommand } from '../../../../client/arguments';
import type { Operations } from '../../../../client/operations';
import { CommandFailure } from '../../../../client/outcome';
import { parked } from '../../../../client/parked/parked';
import type { ParkedCommand } from '../../../../client/parked/arguments';
import type { ParkedLine } from '../../../../client/parked/render';
import { pipeline } from '../samples';

const line = (changes: Partial<ParkedLine>): ParkedLine => ({
  ...{ generation: 1, key: '0c5f6b2a91de', table: 'public.orders', row: 'id = 7', partition: 0, offset: '42' },
  ...{ reason: 'unstorable', message: 'too long', parkedAt: Date.UTC(2026, 0, 1), attempts: 2 },
  record: { text: '{"op":"u"}' },
  ...changes,
});

const command = (...words: string[]) => {
  const parsed = parseCommand(['parked', ...words]);
  if (parsed.name !== 'parked') throw new Error(`that is ${parsed.name}`);
  return parsed;
};

async function run(of: ParkedCommand, lines: readonly ParkedLine[] = []) {
  const sent: unknown[] = [];
  const read: unknown[] = [];
  let printed = '';
  const operations = {
    status: async () => pipeline(),
    parked: async (...message: unknown[]) => void sent.push(message),
  } as unknown as Operations;
  const output = { write: (text: string) => (printed += text) } as unknown as Parameters<typeof parked>[1]['output'];
  const around = { operations: async () => operations, output, environment: { KAFKA_BROKERS: 'k1:9092,k2:9092' } };
  await parked(of, around, async (where) => {
    read.push(where);
    return lines;
  });
  return { sent, read, printed };
}

test.each([
  [['retry', 'shop', 'search', '--all'], { store: 'search', action: 'retry' }],
  [['retry', 'shop', 'search', '--key', 'k'], { store: 'search', action: 'retry', key: 'k' }],
  [
    ['skip', 'shop', 'search', '--key', 'k', '--offset', '42'],
    { store: 'search', action: 'skip', key: 'k', offset: '42' },
  ],
  [['skip', 'shop', 'search', '--key', 'k', '--all'], { store: 'search', action: 'skip', key: 'k', offset: 'all' }],
  [['accept', 'shop', 'search'], { store: 'search', action: 'accept' }],
])('%j is one message, and reads nothing', async (words, message) => {
  expect(await run(command(...words))).toMatchObject({ sent: [['shop', message]], read: [] });
});

test.each([
  [['mend', 'shop', 'search'], /one of list, show, retry, skip, accept/],
  [['list', 'shop'], /needs a pipeline and a store/],
  [['list', 'shop', 'search', 'more'], /'more' is too much/],
  [['show', 'shop', 'search'], /needs --key/],
  [['retry', 'shop', 'search'], /one of --key KEY and --all/],
  [['retry', 'shop', 'search', '--all', '--key', 'k'], /one of --key KEY and --all/],
  [['skip', 'shop', 'search', '--all'], /needs --key/],
  [['skip', 'shop', 'search', '--key', 'k'], /one of --offset OFFSET and --all/],
])('%j is refused with what it lacks', (words, why) => {
  expect(() => command(...words)).toThrow(CommandFailure);
  expect(() => command(...words)).toThrow(why);
});

test('a row is listed once, by what is wrong with it, with those that wait behind; its values stay out of the list', async () => {
  const lines = [line({}), line({ offset: '43', reason: 'waits', message: '', record: { text: '{"secret":1}' } })];
  const { printed, read } = await run(command('list', 'shop', 'search'), lines);
  expect(read).toEqual([{ kafkaBrokers: ['k1:9092', 'k2:9092'], topic: 'shop.search.parked' }]);
  expect(printed).toMatch(/^0c5f6b2a91de g1 +public\.orders +id = 7 +2 rec\n/);
  expect(printed).toContain('unstorable, 2 tries, since 2026-01-01T00:00:00.000Z. too long');
  expect(printed).not.toContain('secret');
  const json = await run(command('list', 'shop', 'search', '--json'), lines);
  expect(json.printed).not.toContain('secret');
  expect((JSON.parse(json.printed) as { parked: unknown[] }).parked).toHaveLength(2);
  expect((await run(command('list', 'shop', 'search'))).printed).toBe('Nothing is parked.\n');
});

test('the records of one row are shown whole, and those of no other', async () => {
  const lines = [line({}), line({ key: 'another', record: { text: '{"other":1}' } })];
  const { printed } = await run(command('show', 'shop', 'search', '--key', '0c5f6b2a91de'), lines);
  expect(printed).toContain('{"op":"u"}');
  expect(printed).not.toContain('other');
  await expect(run(command('show', 'shop', 'search', '--key', 'none'), lines)).rejects.toThrow(/key 'none'/);
});

test('a store that is not there is named beside those that are', async () => {
  await expect(run(command('list', 'shop', 'serach'))).rejects.toThrow(/no store 'serach'. It has replica, search/);
});
