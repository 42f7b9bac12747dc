import type { Call } from '../../../stores/elasticsearch/client';
import { sendBulk } from '../../../stores/elasticsearch/send';

/** The requests that are sent for a bulk. */
async function callsOf(input: { readonly sequence?: true }): Promise<Call[]> {
  const calls: Call[] = [];
  const ask = (call: Call) => {
    calls.push(call);
    return Promise.resolve({ status: 200, body: {} });
  };
  await sendBulk(ask, { alias: 'a', lines: Buffer.from('{}\n'), ...input });
  return calls;
}

const read = ['error', 'items.*.status', 'items.*.error'];

// Left out, every test is as green, and each document costs 250 bytes that the server writes and we parse for nothing.
test.each([
  ['documents', {}, read],
  [
    "a lane's record, whose next write is conditional",
    { sequence: true } as const,
    [...read, 'items.*._seq_no', 'items.*._primary_term'],
  ],
])('of an answer about %s only what is read is asked for', async (_, input, asked) => {
  const [call, ...more] = await callsOf(input);
  expect(more).toEqual([]);
  expect(String(call?.query?.['filter_path']).split(',')).toEqual(asked);
});

test('a bulk goes through an alias or nowhere', async () => {
  const [call] = await callsOf({});
  expect(call).toMatchObject({ path: ['a', '_bulk'], query: { require_alias: true } });
});
