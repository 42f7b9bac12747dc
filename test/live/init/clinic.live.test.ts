import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import Ajv from 'ajv';
import type { PipelineFile } from '../../../model/pipeline';
import { describeDifferences } from '../../support/differences';
import { compareIndex, compareReplica } from '../../support/ground-truth';
import { ask, readIndex } from '../../support/index-contents';
import { projectFolder } from '../../support/project';
import { waitFor } from '../../support/wait';
import { capturedTables, clinicExpectations, clinicWrites, createClinic } from './clinic';
import { openWorld, password, type World } from './world';

jest.setTimeout(720_000);

let world: World;
beforeAll(async () => {
  world = await openWorld();
  await createClinic(world.source);
});
afterAll(() => world.close());

const stores = ['--store', 'replica=postgres:REPLICA_URL', '--store', 'search=elasticsearch:SEARCH_URL'];
const init = (...line: string[]) => world.slipstream('init', '--url-env', 'CLINIC_DATABASE_URL', ...line);
const file = () => JSON.parse(readFileSync(join(world.folder, 'pipeline.json'), 'utf8')) as PipelineFile;

describe('init', () => {
  it('refuses a table that cannot be captured when it is asked for by name, and writes nothing', async () => {
    const ended = await init('--tables', 'public.people,public.audit_log');
    expect(ended).toMatchObject({ code: 3, stdout: '' });
    expect(ended.stderr).toMatch(
      /^public\.audit_log: it has no key\. Run: alter table "public"\."audit_log" add primary key/,
    );
    expect(existsSync(join(world.folder, 'pipeline.json'))).toBe(false);
  });

  it('says which table was meant', async () => {
    const ended = await init('--tables', 'public.peeple');
    expect(ended).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("Did you mean 'public.people'?") as string,
    });
  });

  it('takes the tables that a pattern means, quoted or not', async () => {
    const ended = await init('--tables', 'lab.*,public.Ward Rounds', '--out', '-');
    expect(ended.code).toBe(0);
    const { source } = JSON.parse(ended.stdout) as PipelineFile;
    expect(source.tables).toEqual(['lab.people', 'lab.results', 'lab.samples', 'public."Ward Rounds"']);
  });

  it('writes a file that passes its schema, of every table that can be captured', async () => {
    const ended = await init(...stores, '--name', world.name);
    expect(ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Wrote pipeline\.json/) as string });
    expect(file().source.tables).toEqual(capturedTables);
    const published = resolve(world.folder, file().$schema ?? '');
    expect(published).toBe(join(projectFolder, 'docs/pipeline.schema.json'));
    const validate = new Ajv({ allowUnionTypes: true }).compile(JSON.parse(readFileSync(published, 'utf8')) as object);
    expect({ valid: validate(file()), errors: validate.errors }).toEqual({ valid: true, errors: null });
  });

  it('says what is left out and why, and what the stores hold otherwise', async () => {
    const { stdout } = await init(...stores, '--out', 'other.json', '--json');
    const answer = JSON.parse(stdout) as {
      tables: { table: string; rows: number }[];
      leftOut: { table: string; code: string }[];
      remarks: { store: string; table: string; column: string }[];
    };
    expect(answer.tables.find(({ table }) => table === 'public.readings')?.rows).toBe(1500);
    expect(Object.fromEntries(answer.leftOut.map(({ table, code }) => [table, code]))).toEqual({
      'public.audit_log': 'table-keyless',
      'public.extension_settings': 'table-of-extension',
      'public.readings_2024': 'table-partition',
      'public.readings_2025': 'table-partition',
      'public.readings_2025_a': 'table-partition',
      'public.readings_2025_b': 'table-partition',
      'public.readings_rest': 'table-partition',
      'public.remote_codes': 'table-kind',
      'public.session_cache': 'table-unlogged',
    });
    const places = answer.remarks.map(({ store, table, column }) => `${store} ${table}.${column}`);
    expect(places).toEqual(expect.arrayContaining(['replica public.beds.state', 'search public.people.joined']));
  });

  it('overwrites nothing unless it is told to', async () => {
    const before = readFileSync(join(world.folder, 'pipeline.json'), 'utf8');
    const refused = await init('--name', 'another');
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/exists, and nothing was written/) as string,
    });
    expect(readFileSync(join(world.folder, 'pipeline.json'), 'utf8')).toBe(before);
    expect(await init('--name', 'another', '--out', 'other.json', '--force')).toMatchObject({ code: 0 });
    expect(readFileSync(join(world.folder, 'other.json'), 'utf8')).toContain('"name": "another"');
  });

  it('changes nothing in the database, and no password leaves it', async () => {
    const made =
      'select (select count(*) from pg_publication) + (select count(*) from pg_replication_slots where database = current_database())';
    expect(await world.source.value(made)).toBe('0');
    expect(await world.source.value(`select count(*) from pg_class where relreplident = 'f'`)).toBe('0');
    for (const name of ['pipeline.json', 'other.json']) {
      expect(readFileSync(join(world.folder, name), 'utf8')).not.toContain(password);
    }
    expect(world.printed()).not.toContain(password);
  });
});

describe('the file that init has written', () => {
  it('starts, and both stores equal the source after every kind of change', async () => {
    await world.startWorker();
    expect(await world.slipstream('start', 'pipeline.json')).toMatchObject({ code: 0 });
    const writes = clinicWrites();
    const [early, late] = [writes.slice(0, 4), writes.slice(4)];
    for (const transaction of early) await world.source.query(transaction); // while the rows are copied
    expect(await world.slipstream('wait', world.name, '--timeout', '600')).toMatchObject({ code: 0 });
    for (const transaction of late) await world.source.query(transaction);
    await settled();
    const held = await readIndex(world.elasticsearchUrl, world.name);
    expect(held.size).toBeGreaterThan(4_000);
    expect(await differences()).toBe('0 differences');
  });

  it('control: the comparison sees one value, one row and one document too many or too few', async () => {
    const { replica, elasticsearchUrl, name } = world;
    await replica.query(`update "${name}_g1".counters set count = count + 1 where place = 'place 9'`);
    await replica.query(`delete from "${name}_g1".tags where name = 'renamed'`);
    await ask(elasticsearchUrl, `/${name}-g1/_doc/wards%2FNEW%20?refresh=true`, { method: 'DELETE' });
    const found = await differences();
    expect(found).toMatch(/^3 differences/);
    expect(found).toMatch(/counters place 9: different/);
    expect(found).toMatch(/tags renamed: missing/);
    expect(found).toMatch(/wards NEW : missing|wards wards\/NEW : missing/);
  });
});

/** A last row has come through everywhere; with one lane per store, everything before it has. */
async function settled(): Promise<void> {
  const { source, replica, elasticsearchUrl, name } = world;
  await source.query(`insert into tags values ('the last')`);
  await waitFor({
    what: 'the last row in both stores',
    seconds: 60,
    look: async () => ({
      replica: await replica.value(`select count(*) from "${name}".tags where name = 'the last'`),
      search: JSON.stringify(await ask(elasticsearchUrl, `/${name}/_search?q=_slipstream_id:"tags/the last"`)),
    }),
    until: ({ replica: rows, search }) => rows === '1' && search.includes('"value":1'),
    evidence: async () => (await world.slipstream('status', name)).stdout,
  });
}

async function differences(): Promise<string> {
  const { source, replica, elasticsearchUrl: elasticsearch, name } = world;
  const expectations = await clinicExpectations(source);
  return describeDifferences([
    ...(await compareReplica({ source, replica, schema: name, expectations: expectations.replica })),
    ...(await compareIndex({ source, elasticsearch, alias: name, expectations: expectations.search })),
  ]);
}
