import type { Value } from '../../model/change';
import { InvalidConfig } from '../../model/errors';
import { documentId } from '../../model/names';
import { keyPartOf, parserOf } from '../../model/value-types';
import { describe, missing } from '../ownership';
import type { Document, Generation, KeyRange } from '../store';
import type { Answer, Connection } from './connection';
import { reactionTo, translate } from './errors';
import { readLayout, type TableLayout } from './layout';
import { generationSchema, quote } from './names';
import { connectAs, type Site } from './site';

interface Line {
  readonly connection: Connection;
  readonly layout: ReadonlyMap<string, TableLayout>;
}

/** Reads one generation page by page; the connection stays between pages and holds nothing open. */
export class Scanner {
  private line: Promise<Line> | null = null;

  constructor(
    private readonly site: Site,
    private readonly generation: Generation,
  ) {}

  /** One page in the order of the primary key, values as changes carry them. */
  async page({ target, after }: KeyRange, limit: number): Promise<Document[]> {
    try {
      const { connection, layout } = await this.connected();
      const table = layout.get(target);
      if (!table) {
        throw new InvalidConfig(`${this.site.what}: ${describe(this.generation)} has no table ${target}.`);
      }
      const key = after === null ? [] : keyOf(after, table);
      const text = pageText(table, key.length > 0);
      const { rows } = await connection.query({ text, values: [...key, limit], asText: true });
      return rows.map((row) => toDocument(row, table));
    } catch (error) {
      throw reactionTo(error) === 'gone' ? missing(this.generation) : translate(error, this.site.what);
    }
  }

  async close(): Promise<void> {
    const line = await this.line?.catch(() => null);
    this.line = null;
    await line?.connection.end();
  }

  /** Pages asked for at once share one connection. */
  private async connected(): Promise<Line> {
    const known = this.line;
    const line = await known?.catch(() => null);
    if (line?.connection.usable) return line;
    if (this.line !== null && this.line !== known) return this.line;
    this.line = this.open();
    return this.line;
  }

  private async open(): Promise<Line> {
    const connection = await connectAs(this.site, `g${this.generation.number} scan`);
    try {
      const layout = await readLayout(connection, generationSchema(this.site.schema, this.generation.number));
      if (layout.size === 0) throw missing(this.generation);
      return { connection, layout };
    } catch (error) {
      await connection.end();
      throw error;
    }
  }
}

function pageText({ relation, columns, key }: TableLayout, continued: boolean): string {
  const names = key.map(({ name }) => quote(name)).join(', ');
  const after = key.map(({ type }, index) => `$${index + 1}::text::${type}`).join(', ');
  // Not cast to text: that is another form for some types (character(n) loses its blanks, inet gains a mask).
  return `select ${columns.map(({ name }, index) => `${quote(name)} as c${index}`).join(', ')} from ${relation}
${continued ? `where (${names}) > (${after})` : ''} order by ${names} limit $${continued ? key.length + 1 : 1}`;
}

/** The key's texts from a document id: the inverse of `documentId`. */
function keyOf(id: string, { key, target }: TableLayout): string[] {
  const parts = id.split('/').map((part) => part.replace(/%2F|%25/g, (escape) => (escape === '%2F' ? '/' : '%')));
  if (parts.length !== key.length + 1) throw new RangeError(`A document id of ${target} has ${key.length} key parts.`);
  return parts.slice(1);
}

function toDocument(row: Answer['rows'][number], { columns, key, target }: TableLayout): Document {
  const body: Record<string, Value> = {};
  columns.forEach((column, index) => {
    const text = row[`c${index}`];
    body[column.name] = typeof text === 'string' ? parserOf(column)(text) : null;
  });
  const values = key.map((column) => keyPartOf(column)(body[column.name] ?? null));
  return { id: documentId(target, values), target, body };
}
