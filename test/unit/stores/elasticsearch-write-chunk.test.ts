import type { Mutation } from '../../../model/mutation';
import { chunksOf } from '../../../stores/elasticsearch/bulk';
import type { Ask } from '../../../stores/elasticsearch/client';
import { laneLost } from '../../../stores/elasticsearch/send';
import { pausesMs, writeChunk } from '../../../stores/elasticsearch/write-chunk';
import { account, failure, generation, withoutAccount } from '../../contract/fixture';

type Say = (id: string, attempt: number) => object;

const written = { status: 201 };
const busy = { status: 429, error: { type: 'es_rejected_execution_exception' } };
const wrong = {
  status: 400,
  error: { type: 'document_parsing_exception', reason: 'failed to parse field [balance] of type' },
};

/** A server that answers each item as `say` has it; which ids came, request by request, and what was waited between. */
function server(mutations: readonly Mutation[], say: Say, refusing: (attempt: number) => boolean = () => false) {
  const came: string[][] = [];
  const waited: number[] = [];
  const ask: Ask = async ({ lines }) => {
    const attempt = came.length;
    const ids = [...String(lines).matchAll(/^\{"(?:index|delete)":\{"_id":"([^"]+)"/gm)].map(([, id]) => id ?? '');
    came.push(ids);
    if (refusing(attempt)) return { status: 429, headers: {}, body: { error: { type: 'circuit_breaking_exception' } } };
    return { status: 200, headers: {}, body: { items: ids.map((id) => ({ index: say(id, attempt) })) } };
  };
  const [chunk] = [...chunksOf(mutations)];
  if (!chunk) throw new Error('no mutations, no chunk');
  const write = () =>
    writeChunk(ask, {
      ...{ generation: generation(1), alias: 'write', chunk, signal: new AbortController().signal },
      pause: async (ms) => waited.push(ms),
    });
  return { came, waited, write };
}

const three = [account(1, 10, 0), withoutAccount(2, 1), account(3, 30, 2)];

test('items that the server had no room for are sent again alone, after longer and longer pauses', async () => {
  const { came, waited, write } = server(three, (id, attempt) =>
    (id === 'accounts/2' && attempt < 2) || (id === 'accounts/3' && attempt < 1) ? busy : written,
  );
  expect(await write()).toMatchObject({ upserts: 2, deletes: 1, repeated: 0, refusals: [], conflict: null });
  expect(came).toEqual([['accounts/1', 'accounts/2', 'accounts/3'], ['accounts/2', 'accounts/3'], ['accounts/2']]);
  expect(waited).toEqual(pausesMs.slice(0, 2));
});

test('a request that is refused as a whole is sent again as a whole', async () => {
  const { came, write } = server(
    three,
    () => written,
    (attempt) => attempt === 0,
  );
  expect(await write()).toMatchObject({ upserts: 2, deletes: 1 });
  expect(came).toEqual([came[0], came[0]]);
});

test('a server that stays busy is unavailable, and nothing of the chunk counts as written', async () => {
  const { came, waited, write } = server(three, (id) => (id === 'accounts/2' ? busy : written));
  const error = await failure(write());
  expect(error.name).toBe('Unavailable');
  expect(error.message).toMatch(/1 documents of .*sent 6 times/);
  expect(came).toHaveLength(pausesMs.length + 1);
  expect(waited).toEqual(pausesMs);
});

test('what can never be stored is named once and not sent again, the others being written', async () => {
  const { came, write } = server(three, (id, attempt) =>
    id === 'accounts/1' ? wrong : id === 'accounts/3' && attempt === 0 ? busy : written,
  );
  const outcome = await write();
  if (outcome === laneLost) throw new Error('the lane is not lost');
  expect(outcome).toMatchObject({ upserts: 1, deletes: 1 });
  expect(outcome.refusals.map(({ mutation }) => mutation.id)).toEqual(['accounts/1']);
  expect(outcome.refusals[0]?.error.message).toContain("field 'balance'");
  expect(came[1]).toEqual(['accounts/3']);
});

test('a lane that is lost while items are sent again is lost', async () => {
  const gone = { status: 404, error: { type: 'index_not_found_exception' } };
  const { write } = server(three, (id, attempt) => (attempt === 0 ? (id === 'accounts/1' ? written : busy) : gone));
  expect(await write()).toBe(laneLost);
});

test('cut off in a pause it rejects with the reason it was given, which is no failure of the slice', async () => {
  const ending = new AbortController();
  const reason = new Error('told to end');
  const ask: Ask = async () => {
    ending.abort(reason);
    return { status: 429, body: { error: { type: 'circuit_breaking_exception' } } };
  };
  const [chunk] = [...chunksOf(three)];
  if (!chunk) throw new Error('no mutations, no chunk');
  const writing = writeChunk(ask, { generation: generation(1), alias: 'write', chunk, signal: ending.signal });
  expect(await failure(writing)).toBe(reason);
});
