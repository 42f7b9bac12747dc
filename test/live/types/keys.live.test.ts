import type { Client } from 'pg';
import { readChunk } from '../../../capture/copy/chunk';
import type { Change, Row } from '../../../model/change';
import type { TableSchema } from '../../../model/schema';
import { scanAll } from '../../contract/fixture';
import { closeSources, createSource } from '../capture/source';
import { captured, first, inReplica } from './following';

jest.setTimeout(300_000);
afterEach(closeSources);

describe('keys that PostgreSQL calls equal and writes in two ways', () => {
  const table = 'public.keyed';
  const tables = { [table]: {} };

  /** A row that comes under one spelling and then gets another. */
  async function respelled(type: string, [one, other]: readonly [string, string], ...before: string[]) {
    const created = `create table keyed (k ${type} primary key, note text)`;
    const source = await createSource({ statements: [...before, created], tables: [table] });
    const changes = await captured(source, [table], 2, async () => {
      await source.sql.query(`insert into keyed values ('${one}', 'first')`);
      await source.sql.query(`update keyed set k = '${other}', note = 'second'`);
    });
    return { source, changes, tables };
  }

  const rowsIn = async (client: Client, relation: string) =>
    (await client.query<Record<string, string>>(`select k::text, note from ${relation}`)).rows;

  test.each([
    ['numeric', '1.50', '1.5'],
    ['numeric', '1.5', '1.50'],
    ['float8', '-0', '0'],
  ])('of %s are one key: %s and %s are one row', async (type, one, other) => {
    const following = await respelled(type, [one, other]);
    const { changes } = following;
    expect(changes.map(({ operation }) => operation)).toEqual(['create', 'update']);
    expect(new Set(changes.map(({ key }) => JSON.stringify(key))).size).toBe(1);
    // Control: as they were written, they would have been two.
    expect(new Set(changes.map(({ after }) => JSON.stringify(after?.['k']))).size).toBe(2);
    await inReplica(following, async ({ replica, store }) => {
      expect(await rowsIn(replica, 'replica_g1.keyed')).toEqual([{ k: other, note: 'second' }]);
      const ids = (await scanAll(store, first, 'keyed')).map(({ id }) => id);
      expect(ids).toEqual([`keyed/${String(changes[0]?.key['k'])}`]);
    });
  });

  const ambiguous: [string, string, string, string][] = [
    ['citext', 'Ann', 'ann', 'create extension citext'],
    ['interval', '1 day', '24:00:00', 'select'],
    ['jsonb', '1.0', '1.00', 'select'],
    ['numeric[]', '{1.0}', '{1.00}', 'select'],
  ];

  /** In another partition each: while a generation is built, all of the later one may come before the earlier one. */
  function latestFirst(changes: readonly Change[]): Change[] {
    const [come, gone, again] = changes;
    if (!come || !gone || !again || changes.length !== 3) throw new Error(`three changes, not ${changes.length}`);
    return [again, come, gone];
  }

  test.each(ambiguous)(
    'of %s are two rows, which come in either order: %s and %s',
    async (type, one, other, before) => {
      const following = await respelled(type, [one, other], before);
      expect(following.changes.map(({ operation }) => operation)).toEqual(['create', 'delete', 'create']);
      const worst = { ...following, changes: latestFirst(following.changes) };
      await inReplica(
        worst,
        async ({ source, replica }) =>
          expect(await rowsIn(replica, 'replica_g1.keyed')).toEqual(await rowsIn(source, table)),
        { piecewise: true, statements: [before] },
      );
    },
  );

  test.each(ambiguous)(
    'control: with a key of type %s in the replica the row is lost',
    async (type, one, other, before) => {
      const following = await respelled(type, [one, other], before);
      const worst = { ...following, changes: latestFirst(following.changes) };
      // As if nothing were known against it.
      const described = (schema: TableSchema): TableSchema => ({
        ...schema,
        columns: schema.columns.map((column) => ({ ...column, baseType: 'text' })),
      });
      await inReplica(worst, async ({ replica }) => expect(await rowsIn(replica, 'replica_g1.keyed')).toEqual([]), {
        piecewise: true,
        described,
        statements: [before],
      });
    },
  );
});

describe('the copy of a table whose key is of an extension’s type', () => {
  const names = ['a', 'B', 'c', 'D', 'e', 'F', 'g', 'H'];
  const tree = (name: string) => `top.${name}`;

  test.each([
    ['citext', 'citext', names, 'k'],
    ['ltree', 'ltree', names.map(tree), 'k'],
    ['citext beside another', 'citext', names, 'k, n'],
  ])('finds every row, in chunks of three: %s', async (_what, type, keys, key) => {
    const source = await createSource({
      statements: [
        'create schema "Ext ensions"',
        `create extension ${type} schema "Ext ensions"`,
        `create table keyed (n int, k "Ext ensions".${type}, primary key (${key}))`,
        ...keys.map(
          (each) => `insert into keyed select n, '${each}' from generate_series(1, ${key === 'k' ? 1 : 3}) n`,
        ),
      ],
      tables: ['public.keyed'],
      chunkRows: 3,
    });
    const changes = await captured(source, ['public.keyed'], keys.length, async () => undefined);
    const { rows } = await source.sql.query<{ n: number; k: string }>('select n, k::text from keyed order by 2, 1');
    const byKey = (row: Row | null) => JSON.stringify([row?.['k'], row?.['n']]);
    expect(changes.map(({ after }) => byKey(after)).sort()).toEqual(rows.map(byKey).sort());
  });

  test('control: found by search_path alone, the operators of citext are those of text, and rows are passed over', async () => {
    const source = await createSource({
      statements: [
        'create extension citext',
        'create table keyed (k citext collate "C" primary key)',
        ...names.map((name) => `insert into keyed values ('${name}')`),
      ],
      tables: ['public.keyed'],
      chunkRows: 3,
    });
    await source.prepare();
    const running = await source.capture({
      readChunk: (client, { table, ...request }) =>
        readChunk(client, { ...request, table: { ...table, keyOperators: ['pg_catalog'] } }),
    });
    await source.log.until(() => source.log.last?.copies['public.keyed']?.done === true, 'the copy');
    await running.stop();
    expect(new Set(source.log.changes.map(({ key }) => key['k'])).size).toBeLessThan(names.length);
  });
});
