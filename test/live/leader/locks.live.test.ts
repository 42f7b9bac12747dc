import type { Client, QueryResult } from 'pg';
import { readChunk } from '../../../capture/copy/chunk';
import type { CaptureParts } from '../../../capture/session';
import { waitFor } from '../../support/wait';
import { closeSources, createSource, type Source } from '../capture/source';

jest.setTimeout(180_000);
afterEach(closeSources);

interface Lock {
  readonly table: string;
  readonly mode: string;
  readonly granted: boolean;
}

/** Locks on tables of people that sessions of ours in this database hold or wait for, as the server knows them. */
async function ourLocks(looker: Client, { database }: Source): Promise<Lock[]> {
  const { rows } = await looker.query<Lock>(
    `select c.relname as table, l.mode, l.granted
       from pg_locks l join pg_stat_activity a using (pid) join pg_class c on c.oid = l.relation
            join pg_namespace n on n.oid = c.relnamespace
      where a.datname = $1 and a.application_name = 'slipstream-capture' and l.database = a.datid
        and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`,
    [database],
  );
  return rows;
}

/** What a writer, a VACUUM or an index build of the application would have to wait for. */
const tooStrong = (locks: readonly Lock[]) => locks.filter(({ mode }) => mode !== 'AccessShareLock');

/** The chunk's connection, looked at after each of its statements: locks are held until its transaction ends. */
function watched(client: Client, after: () => Promise<void>): Client {
  return new Proxy(client, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (name !== 'query') return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      return async (...given: Parameters<Client['query']>): Promise<QueryResult> => {
        const result = await (target.query as (...all: unknown[]) => Promise<QueryResult>)(...given);
        await after();
        return result;
      };
    },
  });
}

async function twoTables(): Promise<Source> {
  const source = await createSource({
    statements: [
      'create table items (id int primary key, note text)',
      'create table others (id int primary key)',
      `insert into items select n, 'there before' from generate_series(1, 3000) n`,
    ],
    tables: ['public.items', 'public.others'],
    chunkRows: 500,
  });
  await source.prepare();
  return source;
}

const copied = ({ log }: Source) => Object.values(log.last?.copies ?? {}).filter(({ done }) => done).length === 2;

/** Copies and captures, and returns every lock that was seen on the way. */
async function locksOf(source: Source, read: CaptureParts['readChunk']): Promise<Lock[]> {
  const seen: Lock[] = [];
  // Of its own: the writer's may have to wait for a lock, and who looks must not wait with it.
  const looker = await source.connect();
  const look = async () => void seen.push(...(await ourLocks(looker, source)));
  const running = await source.capture({
    readChunk: (client, request) => read(watched(client, look), request),
  });
  for (let id = 10_001; !copied(source); id += 1) {
    await source.sql.query('insert into items values ($1, $2)', [id, 'while it is copied']);
    await look();
  }
  const streamed = () => source.log.changes.filter(({ operation }) => operation === 'create').length;
  const before = streamed();
  for (let id = 1; id <= 50; id += 1) {
    await source.sql.query('insert into others values ($1)', [id]);
    await look();
  }
  await source.log.until(() => streamed() >= before + 50, 'the stream');
  await running.stop();
  await looker.end();
  return seen;
}

test('copy and capture hold no lock on a table but a reader’s', async () => {
  const seen = await locksOf(await twoTables(), readChunk);
  expect(tooStrong(seen)).toEqual([]);
  // It has looked where locks are: the chunks' own are among them.
  expect(seen.filter(({ table, mode }) => table === 'items' && mode === 'AccessShareLock').length).toBeGreaterThan(5);
});

test('control: a copy that locks out writers is seen', async () => {
  const seen = await locksOf(await twoTables(), async (client, request) => {
    await client.query('begin');
    await client.query('lock table public.items in share mode');
    await client.query('commit');
    return readChunk(client, request);
  });
  expect(tooStrong(seen)).toContainEqual({ table: 'items', mode: 'ShareLock', granted: true });
});

describe('beside a session that lets nobody in but readers', () => {
  /** EXCLUSIVE goes together with ACCESS SHARE and with nothing else. */
  async function beside(read: CaptureParts['readChunk']) {
    const source = await twoTables();
    const holder = await source.connect();
    await holder.query('begin');
    await holder.query('lock table items, others in exclusive mode');
    const running = await source.capture({ readChunk: read });
    return { source, holder, running };
  }

  test('a copy goes on to its end', async () => {
    const { source, holder, running } = await beside(readChunk);
    await source.log.until(() => copied(source), 'the copy');
    await holder.query('rollback');
    await holder.end();
    await running.stop();
    expect(source.log.changes).toHaveLength(3_000);
  });

  test('control: one that locks more waits', async () => {
    const { source, holder, running } = await beside(async (client, request) => {
      await client.query('begin');
      await client.query('lock table public.items in row share mode');
      await client.query('commit');
      return readChunk(client, request);
    });
    const look = async () => (await ourLocks(source.sql, source)).filter(({ granted }) => !granted);
    const waiting = await waitFor({
      what: 'a lock that is waited for',
      seconds: 20,
      look,
      until: ({ length }) => length > 0,
    });
    expect(waiting[0]).toMatchObject({ table: 'items', mode: 'RowShareLock' });
    expect(source.log.changes).toEqual([]);
    await holder.query('rollback');
    await holder.end();
    await source.log.until(() => copied(source), 'the copy');
    await running.stop();
  });
});
