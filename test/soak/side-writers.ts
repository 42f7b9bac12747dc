import type { Client } from 'pg';
import type { Database } from '../support/database';
import type { Random } from '../support/random';
import { seeded } from '../support/random';
import { firstShapes } from './side-tables';
import { drawTableChange, valueOf, type Shape, type TableChangeKind } from './table-changes';

export interface SideWriting {
  readonly source: Database;
  readonly seed: number;
  readonly signal: AbortSignal;
  /** One line per change of a table, and per TRUNCATE. */
  readonly report: (line: string) => void;
}

export interface SideWritten {
  readonly tableChanges: Readonly<Record<TableChangeKind, number>>;
  readonly truncations: number;
}

const writers = 2;
/** Between two transactions of a writer: some ten changes a second in all. */
const writePauseMs = 400;
/** Between two changes of tables: most find the copy that the one before them began at an end, some do not. */
const shortestMs = 3_000;
const longestMs = 17_000;
/** A table stays so small that it is copied again within seconds. */
const mostRows = 300;

/** Writers of the side tables, and one who changes the tables under them, until told to end. */
export async function writeSideTables({ source, seed, signal, report }: SideWriting): Promise<SideWritten> {
  const random = seeded(seed);
  const shapes = new Map(firstShapes.map((shape) => [shape.table, shape]));
  const write = async (own: Random) => {
    await untilTold(source, signal, async (client) => {
      await writeOnce(client, own.pick([...shapes.values()]), own);
      await pause(writePauseMs, signal);
    });
  };
  const tally = { add: 0, 'add-filled': 0, default: 0, drop: 0, rename: 0, widen: 0 };
  let truncations = 0;
  const change = async (own: Random) => {
    await untilTold(source, signal, async (client) => {
      await pause(own.between(shortestMs, longestMs), signal);
      if (signal.aborted) return;
      const shape = own.pick([...shapes.values()]);
      if (own.chance(0.2)) {
        await inOneTransaction(client, [insertInto(shape), `truncate ${shape.table}`, insertInto(shape)]);
        truncations += 1;
        return report(`truncate ${shape.table}`);
      }
      const { kind, clause, after } = drawTableChange(shape, own);
      const statement = `alter table ${shape.table} ${clause}`;
      await inOneTransaction(client, [insertInto(shape), statement, insertInto(after)]);
      shapes.set(shape.table, after);
      tally[kind] += 1;
      report(statement);
    });
  };
  await Promise.all([...Array.from({ length: writers }, () => write(random.fork())), change(random.fork())]);
  return { tableChanges: tally, truncations };
}

/** Again and again; after an error (a lock that took too long, a column that went away meanwhile) on another connection. */
async function untilTold(source: Database, signal: AbortSignal, work: (client: Client) => Promise<void>) {
  let client: Client | null = null;
  while (!signal.aborted) {
    try {
      client ??= await source.connect();
      await work(client);
    } catch {
      await client?.end().catch(() => undefined);
      client = null;
      await pause(writePauseMs, signal);
    }
  }
  await client?.end().catch(() => undefined);
}

async function writeOnce(client: Client, shape: Shape, random: Random): Promise<void> {
  const { table, columns } = shape;
  const one = `id = (select id from ${table} order by random() limit 1)`;
  const column = columns.length > 0 ? random.pick(columns) : null;
  const title = table === 'sheets' ? 'sheet_title' : 'form_title';
  const statements = Array.from({ length: random.between(1, 5) }, () => {
    const draw = random.next();
    if (draw < 0.4) return insertInto(shape);
    if (draw < 0.6) return `update ${table} set ${title} = 't' || floor(random() * 1000) where ${one}`;
    if (draw < 0.85 && column) return `update ${table} set ${column.name} = ${valueOf(column)} where ${one}`;
    return `delete from ${table} where ${one} or (select count(*) from ${table}) > ${mostRows} and random() < 0.1`;
  });
  await inOneTransaction(client, statements);
}

function insertInto({ table, columns }: Shape): string {
  const title = table === 'sheets' ? 'sheet_title' : 'form_title';
  const names = [title, ...columns.map(({ name }) => name)].join(', ');
  const values = [`'new ' || floor(random() * 1000)`, ...columns.map((column) => valueOf(column))].join(', ');
  return `insert into ${table} (${names}) values (${values})`;
}

async function inOneTransaction(client: Client, statements: readonly string[]): Promise<void> {
  await client.query(`begin; set local lock_timeout = '5s'`);
  try {
    for (const statement of statements) await client.query(statement);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}

/** A pace; nothing waits for it. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}
