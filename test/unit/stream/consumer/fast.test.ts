import { createRequire } from 'node:module';
import { prepare, prepareFastConsumer, useFastConsumer } from '../../../../stream/consumer/fast';
import { sampleResponse } from '../../../../stream/consumer/sample';
import { encodeResponse } from './responses';

const load: (name: string) => unknown = createRequire(__filename);
const definition = 'kafkajs/src/protocol/requests/fetch/v11/response';

const connection = 'kafkajs/src/network/connection';

interface Definition {
  decode: (bytes: Buffer) => Promise<unknown>;
}

/** The kafkajs that is installed, with some parts replaced. Its definition is a copy: nothing real is changed. */
function kafkajsWith(parts: Record<string, unknown>): { load: (name: string) => unknown; response: Definition } {
  const response = (parts[definition] ?? { ...(load(definition) as Definition) }) as Definition;
  const all: Record<string, unknown> = { [connection]: class {}, ...parts, [definition]: response };
  return { response, load: (name) => all[name] ?? load(name) };
}

test('the kafkajs that is installed is the one that is known', async () => {
  expect(await prepareFastConsumer()).toBeNull();
  expect(await prepareFastConsumer()).toBeNull();
});

test.each([
  ['another version', { 'kafkajs/package.json': { version: '2.2.5' } }, 'kafkajs 2.2.5 is installed'],
  [
    'one that decodes otherwise',
    { [definition]: { decode: () => Promise.resolve({ responses: [] }) } },
    'decodes a Fetch response differently',
  ],
])('%s is left alone, and the reason is told', async (_name, parts, reason) => {
  const kafkajs = kafkajsWith(parts);
  const before = kafkajs.response.decode;
  expect(await prepare(kafkajs.load)).toContain(reason);
  expect(kafkajs.response.decode).toBe(before);
});

test('where it cannot be had, the log is warned, with the reason', async () => {
  const said: unknown[] = [];
  await useFastConsumer(
    (...line) => said.push(line),
    () => Promise.resolve('kafkajs 3 is installed'),
  );
  await useFastConsumer(
    (...line) => said.push(line),
    () => Promise.resolve(null),
  );
  expect(said).toEqual([
    ['warn', expect.stringContaining('the fast consumer cannot be used'), { problem: 'kafkajs 3 is installed' }],
  ]);
});

test('what is unusual or damaged is read by kafkajs itself, and nothing else is', async () => {
  const asked: Buffer[] = [];
  const { decode } = load(definition) as Definition;
  const watched: Definition = {
    decode: (bytes) => {
      asked.push(bytes);
      return decode(bytes);
    },
  };
  const kafkajs = kafkajsWith({ [definition]: watched });
  expect(await prepare(kafkajs.load)).toBeNull();
  asked.length = 0;
  await kafkajs.response.decode(sampleResponse);
  expect(asked).toEqual([]);
  const record = { key: null, value: Buffer.from('v'), headers: {}, offsetDelta: 0, timestampDelta: 0 };
  const batch = {
    ...{ firstOffset: 7, firstTimestamp: 1_700_000_000_000, producerId: 3, transactional: true, control: false },
    ...{ appendTime: false, compression: 1 as const, records: [record] },
  };
  const partition = { partition: 0, errorCode: 0, high: 9, aborted: [], batches: [batch], cut: 0 };
  const compressed = await encodeResponse({ t: [partition] });
  expect(await kafkajs.response.decode(compressed)).toMatchObject({
    responses: [{ partitions: [{ messages: [{ value: Buffer.from('v') }] }] }],
  });
  await expect(kafkajs.response.decode(sampleResponse.subarray(0, 20))).rejects.toThrow();
  expect(asked).toHaveLength(2);
});
