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

  test('names of 63 bytes, whatever they are made of, have topics that Kafka takes', () => {
    const names = ['"', '.', ' ', 'é', '語', '😀', '-', 'a'].map((letter) =>
      letter.repeat(Math.floor(63 / Buffer.byteLength(letter))),
    );
    const prefix = 'p'.repeat(40);
    const topics = names.flatMap((schema) =>
      names.map((table) => tableTopic(prefix, formatTableName({ schema, table }))),
    );
    expect(new Set(topics).size).toBe(names.length ** 2);
    for (const topic of topics) expect(topic).toMatch(/^[A-Za-z0-9._-]{1,249}$/);
    // Persistent: what is long enough to need it stands in base64, and what is not is written as it always was.
    const dots = formatTableName({ schema: 'public', table: '.'.repeat(63) });
    const part = Buffer.from('.'.repeat(63)).toString('base64url');
    expect(tableTopic('shop', dots)).toBe(`shop.--${Buffer.from('public').toString('base64url')}.--${part}`);
    expect(tableTopic('shop', formatTableName({ schema: 'public', table: '語'.repeat(21) }))).toBe(
      `shop.public.${'-8a9e-'.repeat(21)}`,
    );
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
