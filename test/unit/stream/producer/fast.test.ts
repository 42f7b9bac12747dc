import { createRequire } from 'node:module';
import { prepare, prepareFastProducer } from '../../../../stream/producer/fast';
import { openMessageForm } from '../../../../stream/producer/message-form';

const load: (name: string) => unknown = createRequire(__filename);
const produce = 'kafkajs/src/protocol/requests/produce';
const grouping = 'kafkajs/src/producer/groupMessagesPerPartition';

const framing = 'kafkajs/src/protocol/request';
type Framing = { readonly request: { encode(): Promise<{ readonly buf: Buffer }> } };
type Definitions = { protocol: (of: { version: number }) => (input: object) => { request: { encode(): unknown } } };

/** The kafkajs that is installed, with some parts replaced. Its definitions are a copy: nothing real is changed. */
function kafkajsWith(parts: Record<string, unknown>): { load: (name: string) => unknown; definitions: Definitions } {
  const definitions = (parts[produce] ?? { ...(load(produce) as Definitions) }) as Definitions;
  return { definitions, load: (name) => (name === produce ? definitions : (parts[name] ?? load(name))) };
}

test('the kafkajs that is installed is the one that is known', async () => {
  expect(await prepareFastProducer()).toBeNull();
  expect(await prepareFastProducer()).toBeNull();
});

test.each([
  ['another version', { 'kafkajs/package.json': { version: '2.2.5' } }, 'kafkajs 2.2.5 is installed'],
  ['one that groups otherwise', { [grouping]: () => ({}) }, 'groups messages differently'],
  [
    'one that goes through the messages one by one',
    { [grouping]: ({ messages }: { messages: Iterable<unknown> }) => [...messages] },
    'not iterable',
  ],
  [
    'one that encodes otherwise',
    { [produce]: { protocol: () => () => ({ request: { encode: () => Promise.resolve({ buffer: Buffer.of(1) }) } }) } },
    'encodes a Produce request differently',
  ],
  [
    'one that puts its header elsewhere',
    {
      [framing]: async ({ request }: Framing) => ({
        buffer: Buffer.of((await request.encode()).buf.byteOffset > 0 ? 1 : 0),
      }),
    },
    'frames a request differently',
  ],
])('%s is left alone, and the reason is told', async (_name, parts, reason) => {
  const kafkajs = kafkajsWith(parts);
  const before = kafkajs.definitions.protocol;
  const said = await prepare(kafkajs.load).catch((error: unknown) => String(error));
  expect(said).toContain(reason);
  expect(kafkajs.definitions.protocol).toBe(before);
});

test('messages of other producers in the same process are encoded by kafkajs itself', async () => {
  const made: object[] = [];
  const { protocol } = load(produce) as Definitions;
  const watched: Definitions = {
    protocol: (of) => (input) => {
      const request = protocol(of)(input);
      made.push(request);
      return request;
    },
  };
  const kafkajs = kafkajsWith({ [produce]: watched });
  expect(await prepare(kafkajs.load)).toBeNull();
  const topicData = [
    { topic: 't', partitions: [{ partition: '0', firstSequence: 0, messages: [{ value: 'plain' }] }] },
  ];
  const request = kafkajs.definitions.protocol({ version: 7 })({ acks: -1, topicData });
  expect(request).toBe(made.at(-1));
});

test('where the fast one cannot be had, the stock one takes its place, and says so', async () => {
  const said: string[] = [];
  const log = (_level: string, message: string) => said.push(message);
  const headers = { logId: Buffer.from('log') };
  const record = { key: Buffer.from('k'), value: Buffer.from('v') };
  const stock = await openMessageForm('stock', { headers, log });
  expect(stock.toMessages(new Map([[3, [record]]]))).toEqual([{ partition: 3, ...record, headers }]);
  expect((await openMessageForm('fast', { headers, log })).kind).toBe('fast');
  expect(said).toEqual([]);
  const prepareNothing = () => Promise.resolve('kafkajs 9 is installed');
  const instead = await openMessageForm('fast', { headers, log, prepare: prepareNothing });
  expect({ kind: instead.kind, said: said.length }).toEqual({ kind: 'stock', said: 1 });
});
