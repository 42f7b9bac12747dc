import { DatabaseError } from 'pg';
import { Blocked, InvalidConfig, Unavailable } from '../../../model/errors';
import { chunksOf, createChunk } from '../../../stores/postgres/chunks';
import { conditionOf, reactionTo, translate } from '../../../stores/postgres/errors';
import { createLayout } from '../../../stores/postgres/layout';
import { generationPattern, laneApplicationName } from '../../../stores/postgres/names';
import type { Row } from '../../../model/change';
import { rowText } from '../../support/row-texts';
import { account, failure, generation, line, mutation, withoutAccount } from '../../contract/fixture';

const integer = (name: string) => ({ name, type: 'integer', baseType: 'int4' });
const text = (name: string) => ({ name, type: 'text', baseType: 'text' });
const boolean = (name: string) => ({ name, type: 'boolean', baseType: 'bool' });

const accounts = createLayout({
  index: 0,
  target: 'accounts',
  relation: '"replica_g1"."accounts"',
  columns: [integer('id'), text('holder'), integer('balance'), boolean('vip')],
  key: [integer('id')],
});

describe('the statements of a table', () => {
  test('one upsert for any number of rows', () => {
    expect(accounts.upsert.text).toBe(
      `insert into "replica_g1"."accounts" ("id", "holder", "balance", "vip")
select unnest($1::integer[]), unnest($2::text[]), unnest($3::integer[]), unnest($4::boolean[])
on conflict ("id") do update set "holder" = excluded."holder", "balance" = excluded."balance", "vip" = excluded."vip"`,
    );
  });

  test('one delete by key', () => {
    expect(accounts.remove.text).toBe(
      `delete from "replica_g1"."accounts" as t using unnest($1::integer[]) as v(c0) where t."id" = v.c0`,
    );
  });

  test.each([
    ['a domain', { name: 'id', type: 'email', baseType: 'text', domainOf: 'text' }, 'email'],
    ['an array', { name: 'id', type: 'integer[]', baseType: '_int4' }, 'integer[]'],
    ["somebody's own type", { name: 'id', type: 'mood', baseType: 'other' }, 'mood'],
  ])('a column of %s is cast from text', (_, id, type) => {
    const { upsert, remove } = createLayout({
      ...{ index: 0, target: 't', relation: '"s"."t"', columns: [id, integer('n')], key: [id] },
    });
    expect(upsert.text).toContain(`select unnest($1::text[])::${type}, unnest($2::integer[])\n`);
    expect(remove.text).toContain(`unnest($1::text[]) as v(c0) where t."id" = v.c0::${type}`);
  });

  test('a table that is all key is inserted and left', () => {
    const tags = createLayout({
      index: 1,
      target: 't',
      relation: '"s"."t"',
      columns: [text('a"b')],
      key: [text('a"b')],
    });
    expect(tags.upsert.text).toContain('on conflict ("a""b") do nothing');
  });
});

describe('the chunks of a batch', () => {
  const layout = new Map([['accounts', accounts]]);

  test('deletes and upserts of a table are one statement each, as array literals', () => {
    const mutations = [
      account(1, 10, 0, 'say "hi" \\o/'),
      withoutAccount(3, 1),
      account(2, 20, 2, null),
      withoutAccount(4, 3),
    ];
    expect([...chunksOf(layout, mutations)].map(({ kind, statement }) => [kind, statement.values])).toEqual([
      ['remove', ['{3,4}']],
      ['upsert', ['{1,2}', '{"say \\"hi\\" \\\\o/",NULL}', '{10,20}', '{false,true}']],
    ]);
  });

  test('texts that mean something in an array literal stay texts', () => {
    const mutations = ['', 'NULL', '{}', 'a,b', ' x '].map((holder, id) => account(id, 0, id, holder));
    const [chunk] = chunksOf(layout, mutations);
    expect(chunk?.statement.values?.[1]).toBe('{"","NULL","{}","a,b"," x "}');
  });

  /** As a lane brings them: rows that travelled alike are bytes, others are documents. */
  const travelled = (id: number, holder: string | null, asDocument = false) => {
    const made = account(id, id * 1.5, id, holder);
    return asDocument ? made : { ...made, document: {}, row: rowText(made.document as Row) };
  };

  test('rows as they travelled, and documents among them, are the elements that their values are', () => {
    const holders = ['', 'NULL', 'null', '{}', 'a,b', ' ü 😀 ', null, 'x'.repeat(100)];
    for (const documents of [[], [0], [3, 4], [7], holders.keys()].map((each) => [...each])) {
      const rows = holders.map((holder, id) => travelled(id, holder, documents.includes(id)));
      const [chunk, ...others] = [...chunksOf(layout, rows)];
      const [expected] = [
        ...chunksOf(
          layout,
          holders.map((holder, id) => travelled(id, holder, true)),
        ),
      ];
      expect(others).toEqual([]);
      // NULL is written as JSON writes it, and is one to the server, since it stands without quotation marks.
      const literals = (each: typeof chunk) =>
        each?.statement.values?.map((value) => String(value).replaceAll(/(?<=[{,])null(?=[,}])/g, 'NULL'));
      expect(literals(chunk)).toEqual(literals(expected));
    }
  });

  test('a row as it travelled in another order finds its columns by their names', () => {
    const row = rowText({ vip: true, balance: 7, holder: 'h', id: 1 });
    const [chunk] = chunksOf(layout, [{ ...account(1, 1, 0), document: {}, row }]);
    expect(chunk?.statement.values).toEqual(['{1}', '{"h"}', '{7}', '{true}']);
  });

  test('many rows are several statements that hold every row once', () => {
    const mutations = Array.from({ length: 2500 }, (_, id) => account(id, id, id));
    const chunks = [...chunksOf(layout, mutations)];
    expect(chunks.map((chunk) => chunk.mutations.length)).toEqual([1000, 1000, 500]);
    expect(chunks.flatMap((chunk) => chunk.mutations)).toEqual(mutations);
    expect(new Set(chunks.map(({ statement }) => statement.text)).size).toBe(1);
  });

  test('large rows end a chunk early, and one row is never too large to be sent', () => {
    const large = 'x'.repeat(5 * 1024 * 1024);
    const mutations = Array.from({ length: 5 }, (_, id) => account(id, id, id, large));
    expect([...chunksOf(layout, mutations)].map((chunk) => chunk.mutations.length)).toEqual([2, 2, 1]);
    expect(createChunk(accounts, 'upsert', [account(1, 1, 1, 'x'.repeat(9 * 1024 * 1024))]).mutations).toHaveLength(1);
  });

  test.each([
    [
      'a column the table does not have',
      mutation('accounts', { id: 1 }, { id: 1, holder: 'x', balance: 1, vip: true, more: 1 }, 77),
    ],
    ['a column of the table missing', mutation('accounts', { id: 1 }, { id: 1, holder: 'x', balance: 1 }, 77)],
    [
      'another column in its place',
      mutation('accounts', { id: 1 }, { id: 1, holder: 'x', balance: 1, very: true }, 77),
    ],
    [
      'a row as it travelled, of other columns',
      { ...account(1, 1, 77), document: { id: 1 }, row: rowText({ id: 1, holder: 'h', balance: 1, very: true }) },
    ],
    ['no table at all', line('1', 'tea', 1, 77)],
  ])('%s blocks the lane and names the offset', async (_, unfit) => {
    const error = await failure(Promise.resolve().then(() => [...chunksOf(layout, [account(1, 1, 1), unfit])]));
    expect(error).toMatchObject({ name: Blocked.name, reason: 'schema-changed' });
    expect(error.message).toContain('offset 77');
  });
});

function databaseError(code: string): DatabaseError {
  const error = new DatabaseError('message with s3cret', 0, 'error');
  return Object.assign(error, { code, detail: 'Key (email)=(s3cret) already exists.' });
}

describe("the server's errors", () => {
  test.each([
    ['08006', 'again'],
    ['25P03', 'again'],
    ['25006', 'again'],
    ['40001', 'again'],
    ['40P01', 'again'],
    ['53100', 'again'],
    ['53300', 'again'],
    ['55P03', 'again'],
    ['57014', 'again'],
    ['57P01', 'again'],
    ['58030', 'again'],
    ['21000', 'refused'],
    ['22003', 'refused'],
    ['22P02', 'refused'],
    ['23502', 'refused'],
    ['23505', 'refused'],
    ['54000', 'refused'],
    ['28P01', 'again'],
    ['3D000', 'configuration'],
    ['42501', 'configuration'],
    ['2BP01', 'depended'],
    ['3F000', 'gone'],
    ['42P01', 'gone'],
    ['42601', 'statement'],
    ['XX000', 'unknown'],
  ])('%s asks for: %s', (code, reaction) => {
    expect(reactionTo(databaseError(code))).toBe(reaction);
  });

  test.each(['08006', '22P02', '23505', '40001', '53100', '54000', '57014', 'XX000', '0A000'])(
    '%s is told without values',
    (code) => {
      const told = translate(databaseError(code), 'Store shop/replica');
      expect(told).toBeInstanceOf(Error);
      expect((told as Error).message).not.toContain('s3cret');
      expect(conditionOf(databaseError(code))).not.toContain('s3cret');
      expect((told as Error).message).toContain(code);
    },
  );

  test('what is ours already passes as it is', () => {
    for (const error of [new Unavailable('x'), new InvalidConfig('x'), new TypeError('x')]) {
      expect(translate(error, 'Store')).toBe(error);
      expect(reactionTo(error)).toBeNull();
    }
  });
});

describe('names', () => {
  const lane = { index: 0 };

  test('lanes with long names are told apart within 63 bytes', () => {
    const long = 'x'.repeat(40);
    const names = ['a', 'b'].map((last) =>
      laneApplicationName(generation(1, { pipeline: long, store: long.slice(1) + last }), lane),
    );
    expect(new Set(names).size).toBe(2);
    for (const name of names) expect(name.length).toBeLessThanOrEqual(63);
  });

  test('lanes with short names can be read', () => {
    expect(laneApplicationName(generation(12), lane)).toBe('slipstream contract/store g12 lane0');
  });

  test("only a store's own generations match", () => {
    const pattern = new RegExp(generationPattern('shop'));
    expect(['shop_g1', 'shop_g12'].every((name) => pattern.test(name))).toBe(true);
    expect(
      ['shop', 'shop_g', 'shop_gx', 'shop2_g1', 'my_shop_g1', 'shop_g1_g1'].some((name) => pattern.test(name)),
    ).toBe(false);
  });
});
