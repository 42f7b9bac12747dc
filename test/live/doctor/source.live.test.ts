import { Client, DatabaseError } from 'pg';
import { openReplication } from '../../../capture/replication';
import { isError } from '../../../model/finding';
import { waitFor } from '../../support/wait';
import { createRole, createWorld, expectTold, type Told, type World } from './world';

jest.setTimeout(180_000);

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.close());

type Broken = readonly [name: string, breakIt: (world: World) => Promise<unknown>, told: Told];

const asRole = async (w: World, attributes: string) => {
  const role = await createRole(w, attributes);
  w.environment['SOURCE_URL'] = w.urlOf(role);
  return role;
};

test('control: a set-up that is right has no error, and what it is warned of is the server’s', async () => {
  const findings = await world.findings();
  expect(findings.filter(isError)).toEqual([]);
  expect(findings.map(({ code }) => code)).toEqual(['wal-kept-without-limit']);
});

const tables: Broken[] = [
  [
    'a misspelt table',
    async (w) => w.sql('alter table orders rename to order_s'),
    { code: 'table-missing', where: 'public.orders', cure: "Did you mean 'public.order_s'?" },
  ],
  [
    'a view',
    ({ sql }) => sql('drop table orders; create view orders as select 1 as id'),
    { code: 'table-kind', where: 'public.orders', cure: 'Capture the tables it is made of' },
  ],
  [
    'an unlogged table',
    ({ sql }) => sql('alter table orders set unlogged'),
    { code: 'table-unlogged', where: 'public.orders', cure: 'alter table "public"."orders" set logged;' },
  ],
  [
    'a keyless table',
    ({ sql }) => sql('alter table orders drop constraint orders_pkey'),
    { code: 'table-keyless', where: 'public.orders', cure: 'alter table "public"."orders" add primary key' },
  ],
  [
    'a partition by itself',
    ({ sql }) =>
      sql(`drop table orders; create table every (id int primary key) partition by list (id);
           create table orders partition of every for values in (1)`),
    { code: 'table-partition', where: 'public.orders', cure: 'Name the root' },
  ],
  [
    'a column that is not there',
    async (w) => w.changeStore('replica', { tables: { 'public.orders': { select: ['id', 'titel'] } } }),
    { code: 'column-unknown', where: 'stores.replica.tables.public.orders.select', cure: "Did you mean 'title'?" },
  ],
  [
    'a key that is not selected',
    async (w) => w.changeStore('replica', { tables: { 'public.orders': { select: ['title'] } } }),
    { code: 'key-not-selected', where: 'stores.replica.tables.public.orders.select', cure: 'Add "id"' },
  ],
];

const roles: Broken[] = [
  [
    'a role that may not read',
    (w) => asRole(w, 'replication'),
    { code: 'table-unreadable', where: 'public.orders', cure: 'grant select on "public"."orders" to "doctor_' },
  ],
  [
    'a role that may not replicate',
    (w) => asRole(w, ''),
    { code: 'replication-role', where: '_role', cure: 'alter role "doctor_' },
  ],
  [
    'a role that does not own the tables: replica identity',
    async (w) => w.sql(`grant select on all tables in schema public to ${await asRole(w, 'replication')}`),
    { code: 'replica-identity', where: 'public.orders', cure: 'alter table "public"."orders" replica identity full;' },
  ],
  [
    'a role that does not own the tables: publication',
    async (w) => w.sql(`grant select on all tables in schema public to ${await asRole(w, 'replication')}`),
    {
      code: 'publication-privilege',
      where: 'publication slipstream_doctor_',
      cure: 'for table only "public"."orders", only "public"."products" with (publish',
    },
  ],
  [
    'a role that may not create in the database',
    async (w) => {
      const role = await asRole(w, 'replication');
      return w.sql(`alter table orders owner to ${role}; alter table products owner to ${role}`);
    },
    { code: 'database-privilege', where: 'database doctor_', cure: 'grant create on database "doctor_' },
  ],
  [
    'rows hidden by a policy',
    async (w) => {
      const role = await asRole(w, 'replication');
      return w.sql(`grant select on orders to ${role}; alter table orders enable row level security`);
    },
    { code: 'table-row-security', where: 'public.orders', cure: 'bypassrls;' },
  ],
];

const connections: Broken[] = [
  [
    'a variable that is not set',
    async ({ environment }) => delete environment['SOURCE_URL'],
    { code: 'secret-missing', where: 'source.url', cure: 'export SOURCE_URL=' },
  ],
  [
    'a value that is no URL',
    async ({ environment }) => (environment['SOURCE_URL'] = 'hush'),
    { code: 'source-url', where: 'SOURCE_URL', cure: 'postgres://user:password@host:port/database' },
  ],
  [
    'a database that is not there',
    async ({ environment, urlOf }) =>
      (environment['SOURCE_URL'] = urlOf('postgres').replace(/\/doctor_.*/, '/nowhere')),
    { code: 'source-url', where: 'SOURCE_URL', cure: 'Correct the database in SOURCE_URL' },
  ],
  [
    'a server that is not there',
    async ({ environment }) => (environment['SOURCE_URL'] = 'postgres://u:hush@127.0.0.1:1/d'),
    { code: 'source-unreachable', where: 'SOURCE_URL (127.0.0.1:1)', cure: 'Start the server' },
  ],
  [
    'a wrong password',
    async (w) => {
      const role = await createRole(w, `replication password 'right'`);
      await askForPassword(w, role);
      w.environment['SOURCE_URL'] = w.urlOf(role, 'hush');
    },
    { code: 'source-login', where: 'SOURCE_URL', cure: 'Correct user or password in SOURCE_URL' },
  ],
  [
    'no password where one is asked for',
    async (w) => {
      const role = await createRole(w, `replication password 'right'`);
      await askForPassword(w, role);
      w.environment['SOURCE_URL'] = w.urlOf(role);
    },
    { code: 'source-login', where: 'SOURCE_URL', cure: 'Write it into SOURCE_URL' },
  ],
];

const slots: Broken[] = [
  [
    'a publication that leaves deletes out',
    ({ sql, name }) => sql(`create publication slipstream_${name} for table orders with (publish = 'insert, update')`),
    { code: 'publication-incomplete', where: 'publication slipstream_', cure: 'set (publish = ' },
  ],
  [
    'a publication with a row filter',
    ({ sql, name }) =>
      sql(`create publication slipstream_${name} for table orders where (id > 0)
           with (publish_via_partition_root = true)`),
    { code: 'publication-filtered', where: 'publication slipstream_', cure: 'add table "public"."orders";' },
  ],
  [
    'a publication with a column list',
    ({ sql, name }) =>
      sql(`create publication slipstream_${name} for table orders (id) with (publish_via_partition_root = true)`),
    { code: 'publication-filtered', where: 'publication slipstream_', cure: 'drop table "public"."orders";' },
  ],
  [
    'a physical slot of that name',
    async ({ sql, name, later }) => {
      await sql(`select pg_create_physical_replication_slot('slipstream_${name}')`);
      later(() => sql(`select pg_drop_replication_slot('slipstream_${name}')`));
    },
    { code: 'slot-foreign', where: 'slot slipstream_', cure: 'Set source.slot to another name' },
  ],
  [
    'a slot of another database',
    async (w) => {
      const other = await createWorld();
      await other.sql(`select pg_create_logical_replication_slot('slipstream_${w.name}', 'pgoutput')`);
      w.later(() => other.close());
    },
    { code: 'slot-foreign', where: 'slot slipstream_', cure: 'pg_drop_replication_slot' },
  ],
  [
    'a temporary slot of that name',
    async ({ source, name, later }) => {
      const holder = await source.connect();
      later(() => holder.end());
      await holder.query(`select pg_create_logical_replication_slot('slipstream_${name}', 'pgoutput', true)`);
    },
    { code: 'slot-temporary', where: 'slot slipstream_', cure: 'Set source.slot to another name' },
  ],
  [
    'a slot that is there without its log',
    ({ sql, name }) => sql(`select pg_create_logical_replication_slot('slipstream_${name}', 'pgoutput')`),
    { code: 'slot-without-log', where: 'slot slipstream_', cure: 'set source.slot to another name' },
  ],
  [
    'a slot of another pipeline that nobody reads now',
    async ({ sql, name }) => {
      const slot = `slipstream_${name}`;
      await sql(`create publication of_another for table orders`);
      await sql(`comment on publication of_another is 'Slipstream: pipeline another, slot ${slot}'`);
      await sql(`select pg_create_logical_replication_slot('${slot}', 'pgoutput')`);
    },
    { code: 'slot-in-use', where: 'slot slipstream_', cure: 'Set source.slot to a name of its own' },
  ],
  [
    'two pipelines on one slot',
    async (w) => {
      const slot = `slipstream_${w.name}`;
      await w.sql(`create publication of_another for table orders`);
      await w.sql(`select pg_create_logical_replication_slot($1, 'pgoutput')`, [slot]);
      const other = await openReplication(w.source.url);
      w.later(() => other.close().then(() => slotIs(w, slot, false)));
      const nothing = () => undefined;
      const onOversized = () => new Error('unexpected');
      const handlers = { onMessage: nothing, onOversized, onKeepalive: nothing, onEnd: nothing };
      other.stream({ slot, publication: 'of_another', startLsn: '0', handlers });
      await slotIs(w, slot, true);
    },
    { code: 'slot-in-use', where: 'slot slipstream_', cure: 'Set source.slot to a name of its own' },
  ],
];

test.each([...tables, ...roles, ...connections, ...slots])('%s', async (_, breakIt, told) => {
  await breakIt(world);
  const findings = await world.findings();
  expectTold(findings, told);
  expect(JSON.stringify(findings)).not.toContain('hush');
});

function slotIs({ source }: World, slot: string, active: boolean): Promise<unknown> {
  return waitFor({
    what: `slot ${slot} to be ${active ? 'read' : 'free'}`,
    seconds: 20,
    look: () => source.value('select active from pg_replication_slots where slot_name = $1', [slot]),
    until: (seen) => seen === String(active),
  });
}

const invalidPassword = '28P01';

/** Puts one line before all others of pg_hba.conf: everybody else goes on being trusted. */
async function askForPassword(w: World, role: string): Promise<void> {
  const write = async (text: string) => {
    // By a large object, the one way to write a file byte by byte in SQL; in one transaction, which leaves none behind.
    await w.sql(`begin; ${exportTo(text)}; rollback`);
    await w.sql('select pg_reload_conf()');
  };
  const before = await w.source.value(`select pg_read_file(current_setting('hba_file'))`);
  w.later(() => write(before));
  await write(`host all ${role} all scram-sha-256\n${before}`);
  // The server reads its file some time after it was told to: what it does counts, and not what the file says.
  await waitFor({
    what: 'a password to be asked for',
    seconds: 20,
    look: () => isRefused(w.urlOf(role, 'wrong')),
    until: (refused) => refused,
  });
}

async function isRefused(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url });
  try {
    await client.connect();
    return false;
  } catch (error) {
    if (error instanceof DatabaseError && error.code === invalidPassword) return true;
    throw error;
  } finally {
    await client.end();
  }
}

function exportTo(text: string): string {
  const bytes = Buffer.from(text).toString('hex');
  return `select lo_from_bytea(424242, '\\x${bytes}'); select lo_export(424242, current_setting('hba_file'))`;
}
