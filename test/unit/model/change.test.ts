import { formatTableName, parseTableName } from '../../../model/change';
import { documentId, tableTopic } from '../../../model/names';

describe('table names', () => {
  test.each([
    [{ schema: 'public', table: 'orders' }, 'public.orders'],
    [{ schema: 'public', table: 'Orders' }, 'public.Orders'],
    [{ schema: 'my.schema', table: 'a"b' }, '"my.schema"."a""b"'],
    [{ schema: 'public', table: 'größe' }, 'public."größe"'],
  ])('%j is written %s and read back', (name, text) => {
    expect(formatTableName(name)).toBe(text);
    expect(parseTableName(text)).toEqual(name);
  });

  test.each(['orders', 'a.b.c', '', 'public.', 'public.or ders', '"public.orders'])('%j is refused', (text) => {
    expect(() => parseTableName(text)).toThrow(/is not a table name: write schema\.table/);
  });
});

describe('names made from tables and keys', () => {
  test('two tables never share a topic, however they are spelled', () => {
    const tables = ['public.orders', 'public."or.ders"', 'public."or-2e-ders"', '"public.or".ders', 'public."Örders"'];
    const topics = tables.map((table) => tableTopic('shop', table));
    expect(new Set(topics).size).toBe(tables.length);
    for (const topic of topics) expect(topic).toMatch(/^[A-Za-z0-9._-]+$/);
  });

  test('two rows never share a document, however their keys are spelled', () => {
    const rows: [string, string[]][] = [
      ['orders', ['1', '2']],
      ['orders', ['1/2']],
      ['orders', ['1%2F2']],
      ['orders/1', ['2']],
      ['orders', ['12']],
      ['orders', ['1', '2', '']],
    ];
    expect(new Set(rows.map(([target, key]) => documentId(target, key))).size).toBe(rows.length);
  });
});
