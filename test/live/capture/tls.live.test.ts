import { createHash } from 'node:crypto';
import { chmodSync, chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { connect } from '../../../capture/source/connection';
import type { Change } from '../../../model/change';
import { selfSigned } from '../../support/self-signed';
import { waitFor } from '../../support/wait';
import { openPostgres } from '../leader/own-server';
import { closeSources, createSource, type Source } from './source';

jest.setTimeout(180_000);

const table = 'public.items';
/** Around what a TLS record holds (16 KiB), what a read holds (64 KiB), and far beyond either. */
const lengths = [1, 16_000, 16_384, 16_500, 65_536, 200_000, 3 << 20];

/** A server that speaks TLS and nothing else, under a certificate that vouches for itself. */
async function openEncrypted() {
  const server = await openPostgres({});
  const { certificate, key } = selfSigned();
  const directory = mkdtempSync(join(tmpdir(), 'slipstream-tls-'));
  const authority = join(directory, 'authority.pem');
  writeFileSync(authority, certificate);
  const admin = new Client({ connectionString: server.url });
  await admin.connect();
  const { rows } = await admin.query<{ folder: string; hba: string }>(
    `select current_setting('data_directory') as folder, current_setting('hba_file') as hba`,
  );
  const { folder = '', hba = '' } = rows[0] ?? {};
  const { uid, gid } = statSync(folder);
  for (const [name, content] of Object.entries({ 'server.crt': certificate, 'server.key': key })) {
    const file = join(folder, name);
    writeFileSync(file, content);
    chmodSync(file, 0o600);
    chownSync(file, uid, gid);
  }
  writeFileSync(hba, 'hostssl all all 127.0.0.1/32 trust\nhostssl replication all 127.0.0.1/32 trust\n');
  await admin.query('alter system set ssl = on');
  await admin.query('select pg_reload_conf()');
  await admin.end();
  const trusting = new URL(server.url);
  trusting.searchParams.set('sslmode', 'verify-full');
  const doubting = trusting.href;
  trusting.searchParams.set('sslrootcert', authority);
  await waitFor({
    what: 'the server to speak TLS and nothing else',
    seconds: 60,
    look: async () => [await answers(trusting.href), await answers(server.url)],
    until: ([encrypted, plain]) => encrypted === true && plain === false,
  });
  const close = async () => {
    await server.close();
    rmSync(directory, { recursive: true });
  };
  return { trusting: trusting.href, doubting, plain: server.url, close };
}

async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined); // told by `connect` as well
  return client.connect().then(
    () => client.end().then(() => true),
    () => false,
  );
}

const digest = (text: unknown) => createHash('md5').update(String(text)).digest('hex');

/** Id → revision and digest of the text, as a reader of the log ends with. */
function folded(changes: readonly Change[]): Record<string, string> {
  const rows: Record<string, string> = {};
  for (const { key, after } of changes) {
    if (after === null) delete rows[String(key['id'])];
    else rows[String(after['id'])] = `${after['revision']} ${digest(after['note'])}`;
  }
  return rows;
}

async function truth({ sql }: Source): Promise<Record<string, string>> {
  const { rows } = await sql.query<{ id: string; row: string }>(
    `select id::text, revision || ' ' || md5(note) as row from items`,
  );
  return Object.fromEntries(rows.map(({ id, row }) => [id, row]));
}

describe('a source that speaks TLS', () => {
  let server: Awaited<ReturnType<typeof openEncrypted>>;
  beforeAll(async () => {
    server = await openEncrypted();
  });
  afterAll(async () => {
    await closeSources();
    await server.close();
  });

  it('is copied and followed row by row, whatever their size, over encrypted connections alone', async () => {
    const source = await createSource({
      statements: [
        'create table items (id int primary key, revision int not null, note text not null)',
        'alter table items alter column note set storage external',
        `insert into items select n, 1, 'row ' || n from generate_series(1, 3000) n`,
        ...lengths.map((length, at) => `insert into items values (${9_000 + at}, 1, repeat('${at}', ${length}))`),
      ],
      tables: [table],
      server: server.trusting,
    });
    await source.prepare();
    const running = await source.capture();
    await source.log.until(() => source.log.last?.copies[table]?.done === true, 'the copy');
    expect(folded(source.log.changes)).toEqual(await truth(source));

    // Small messages in large reads, large messages in many small ones, and both behind each other.
    await source.sql.query('update items set revision = 2');
    await source.sql.query(
      `insert into items select n + 20000, 1, repeat('x', n % 300) from generate_series(1, 5000) n`,
    );
    for (const [at, length] of lengths.entries())
      await source.sql.query(`update items set revision = 3, note = repeat('z', ${length}) where id = ${9_000 + at}`);
    await source.sql.query('delete from items where id <= 100');
    await source.sql.query(`insert into items values (0, 1, 'the last')`);
    await source.log.until(() => source.log.changes.some(({ key }) => key['id'] === 0), 'the last row');
    expect(folded(source.log.changes)).toEqual(await truth(source));

    const { rows } = await source.sql.query<{ backend: string; ssl: boolean }>(
      `select backend_type as backend, ssl from pg_stat_ssl join pg_stat_activity using (pid)
        where application_name = 'slipstream-capture' order by 1`,
    );
    expect(rows.map(({ backend }) => backend)).toEqual(['client backend', 'client backend', 'walsender']);
    expect(rows.map(({ ssl }) => ssl)).toEqual([true, true, true]);
    await running.stop();
  });

  it.each([
    ['under a certificate that nobody vouches for', () => server.doubting, /sslrootcert/],
    ['and is asked without', () => server.plain, /pg_hba\.conf/],
  ])('%s: it is not spoken to, and the message says what to do', async (_, url, cure) => {
    const error: unknown = await connect(url()).catch((refused: unknown) => refused);
    expect(error).toMatchObject({ name: 'Unavailable' });
    expect(String(error)).toMatch(cure);
  });
});
