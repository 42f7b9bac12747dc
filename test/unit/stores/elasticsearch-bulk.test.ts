import fc from 'fast-check';
import type { Row } from '../../../model/change';
import { rowText } from '../../support/row-texts';
import { Blocked } from '../../../model/errors';
import type { Mutation } from '../../../model/mutation';
import { chunksOf, inFlight, writeMutations } from '../../../stores/elasticsearch/bulk';
import type { Answer, Call } from '../../../stores/elasticsearch/client';
import { openGate } from '../../../stores/elasticsearch/gate';
import { sortByLength } from '../../../stores/elasticsearch/overlong';
import { laneLost } from '../../../stores/elasticsearch/send';
import { Refused } from '../../../stores/refused';
import { account, generation, withoutAccount } from '../../contract/fixture';

const lines = (mutations: readonly Mutation[]) =>
  [...chunksOf(mutations)].map((chunk) => chunk.lines.toString()).join('');

describe('encoding', () => {
  test('each action carries its offset as an external version, digit by digit', () => {
    const big = { ...account(1, 10, 0), version: '9007199254740993' };
    expect(lines([big, withoutAccount(2, 7)])).toBe(
      '{"index":{"_id":"accounts/1","version":"9007199254740993","version_type":"external"}}\n' +
        '{"_slipstream_id":"accounts/1","id":1,"holder":"h1","balance":10,"vip":false}\n' +
        '{"delete":{"_id":"accounts/2","version":"7","version_type":"external"}}\n',
    );
  });

  test('what would end a line or a string is escaped, and a document without fields is one', () => {
    const odd = { ...account(1, 1, 1, 'a\n"b"\u2028'), id: 'accounts/"\n' };
    const parsed = lines([odd])
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(parsed).toEqual([
      { index: { _id: odd.id, version: '1', version_type: 'external' } },
      { _slipstream_id: odd.id, ...odd.document },
    ]);
    expect(lines([{ ...odd, document: {} }])).toContain('{"_slipstream_id":"accounts/\\"\\n"}\n');
  });
});

test('a row that travelled as text is copied from its record, under its id', () => {
  const row = (values: Row) => ({ ...account(1, 1, 7), document: {}, row: rowText(values) });
  expect(lines([row({ id: 1, holder: 'hé"1\u2028', balance: 1.5 })]).split('\n')[1]).toBe(
    '{"_slipstream_id":"accounts/1","id":1,"holder":"hé\\"1\u2028","balance":1.5}',
  );
  const { bytes, from, shape } = rowText({ id: 1 });
  const empty = { text: '{}', bytes: Buffer.concat([bytes.subarray(0, from), Buffer.from('{}')]), from, shape };
  expect(lines([{ ...account(1, 1, 7), row: { ...empty, end: from + 2 } }])).toContain(
    '{"_slipstream_id":"accounts/1"}\n',
  );
});

test('lines are the same however large, mixed, or cut into chunks', () => {
  const value = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 20 }),
    fc.constantFrom('é'.repeat(5_000), 'x'.repeat(300_000)),
  );
  const mutation = fc
    .tuple(value, fc.constantFrom('row', 'document', 'delete'))
    .chain((of) => fc.nat(9_999).map((at) => [...of, at] as const))
    .map(([holder, kind, at]) => {
      const plain = { ...account(at, 1, at), id: `accounts/${holder.slice(0, 5)}`, document: { id: at, holder } };
      if (kind === 'delete') return { ...plain, document: null };
      return kind === 'row' ? { ...plain, document: {}, row: rowText({ id: at, holder }) } : plain;
    });
  const textOf = ({ id, version, document, row }: Mutation) => {
    const action = `{"_id":${JSON.stringify(id)},"version":"${version}","version_type":"external"}`;
    const body = row?.text ?? JSON.stringify(document);
    if (row === undefined && document === null) return `{"delete":${action}}\n`;
    return `{"index":${action}}\n{"_slipstream_id":${JSON.stringify(id)},${body.slice(1)}\n`;
  };
  fc.assert(
    fc.property(fc.array(mutation, { maxLength: 12 }), fc.integer({ min: 1, max: 5 }), (mutations, documents) => {
      const chunks = [...chunksOf(mutations, { bytes: 400_000, documents })];
      expect(chunks.flatMap((chunk) => chunk.mutations)).toEqual(mutations);
      for (const chunk of chunks) {
        expect(chunk.lines.toString()).toBe(chunk.mutations.map(textOf).join(''));
        expect(chunk.mutations.length === 1 || chunk.lines.length <= 400_000).toBe(true);
      }
    }),
    { numRuns: 60 },
  );
});

describe('chunks', () => {
  const ten = Array.from({ length: 10 }, (_, id) => account(id, id, id, 'é'.repeat(100)));

  test('hold every mutation once, in order, within the count', () => {
    const chunks = [...chunksOf(ten, { bytes: 1e6, documents: 4 })];
    expect(chunks.map(({ mutations }) => mutations.length)).toEqual([4, 4, 2]);
    expect(chunks.flatMap(({ mutations }) => mutations)).toEqual(ten);
  });

  test('stay within the bytes, two for a letter that takes two', () => {
    const one = Buffer.byteLength(lines(ten.slice(1, 2)));
    const chunks = [...chunksOf(ten, { bytes: 3 * one + 1, documents: 100 })];
    expect(chunks.map(({ mutations }) => mutations.length)).toEqual([3, 3, 3, 1]);
    for (const chunk of chunks) expect(chunk.lines.length).toBeLessThanOrEqual(3 * one + 1);
  });

  test('one that is larger than all of it goes alone, and nothing makes no chunk', () => {
    expect([...chunksOf(ten.slice(0, 2), { bytes: 10, documents: 100 })]).toHaveLength(2);
    expect([...chunksOf([])]).toEqual([]);
  });
});

describe('ids beyond 512 bytes', () => {
  const long = (length: number, letter = 'k') => ({ ...account(1, 1, 4711), id: letter.repeat(length) });
  const lost = { status: 404, body: {} };

  /** What is asked of a server whose alias is there or not. */
  async function written(mutations: readonly Mutation[], alias: Answer) {
    const asked: string[] = [];
    const ask = async ({ method, path }: Call): Promise<Answer> => {
      asked.push(`${method} ${path.join('/')}`);
      return alias;
    };
    const input = { generation: generation(1), alias: 'alias', mutations, signal: new AbortController().signal };
    const outcome = writeMutations(ask, { ...input, gate: openGate(inFlight), predecessor: null });
    return { asked, outcome: await outcome.catch((error: unknown) => error) };
  }

  test('are named by their offset and not by their key', () => {
    expect(sortByLength(generation(1), [long(512), long(256, 'é')])).toMatchObject({ refusals: [], gone: 0 });
    const { fitting, refusals } = sortByLength(generation(1), [long(512), long(513), long(257, 'é')]);
    expect(fitting).toHaveLength(1);
    expect(refusals).toHaveLength(2);
    for (const { error } of refusals) {
      expect(error).toBeInstanceOf(Blocked);
      expect(error.message).toMatch(/accounts at offset 4711/);
      expect(error.message).not.toMatch(/kkk|ééé/);
    }
  });

  test('are deletes of nothing where they are deletes, and nothing is sent', async () => {
    const { asked, outcome } = await written([{ ...long(600), document: null }], lost);
    expect(outcome).toEqual({ upserts: 0, deletes: 1, repeated: 0, conflict: null });
    expect(asked).toEqual([]);
  });

  test('are no concern of an owner who has lost the lane: it is asked for, where nothing else was sent', async () => {
    const replaced = await written([long(600)], lost);
    expect(replaced.asked).toEqual(['GET _alias/alias']);
    expect(replaced.outcome).toBe(laneLost);
    const { outcome } = await written([long(600)], { status: 200, body: {} });
    expect(outcome).toBeInstanceOf(Refused);
  });
});

describe('behind a batch that is under way', () => {
  const second = [account(1, 2, 3), account(2, 2, 4)];

  /** What is sent of the second batch before the first has been answered, and after. */
  async function sentOf(first: readonly Mutation[], behind: boolean) {
    const sent: string[] = [];
    const ask = async ({ lines }: Call): Promise<Answer> => {
      const ids = [...String(lines).matchAll(/"_id":"([^"]*)"/g)].map(([, id]) => id ?? '');
      sent.push(...ids);
      return { status: 200, body: { items: ids.map(() => ({ index: { status: 201 } })) } };
    };
    let answered = () => {};
    const written = new Promise<void>((resolve) => (answered = resolve));
    const writing = writeMutations(ask, {
      ...{ generation: generation(1), alias: 'alias', mutations: second, signal: new AbortController().signal },
      ...{ gate: openGate(inFlight), predecessor: behind ? { mutations: first, written } : null },
    });
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    const early = [...sent];
    answered();
    await writing;
    return { early, all: sent.sort() };
  }

  test('a document that both write waits until the first has been answered, and no other does', async () => {
    const { early, all } = await sentOf([account(1, 1, 1)], true);
    expect(early).toEqual(['accounts/2']);
    expect(all).toEqual(['accounts/1', 'accounts/2']);
  });

  test('control: without the batch before it, it does not', async () => {
    expect((await sentOf([account(1, 1, 1)], false)).early).toEqual(['accounts/1', 'accounts/2']);
  });

  test('what the first ends with, the second does, and sends no more', async () => {
    const sent: Call[] = [];
    const written = Promise.reject(new Error('the first has failed'));
    written.catch(() => undefined);
    const writing = writeMutations(
      async (call) => {
        sent.push(call);
        return { status: 200, body: { items: [{ index: { status: 201 } }] } };
      },
      {
        ...{ generation: generation(1), alias: 'alias', mutations: second, signal: new AbortController().signal },
        ...{ gate: openGate(inFlight), predecessor: { mutations: second, written } },
      },
    );
    await expect(writing).rejects.toThrow('the first has failed');
    expect(sent).toEqual([]);
  });
});
