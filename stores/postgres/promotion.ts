import { DatabaseError } from 'pg';
import { InvalidConfig } from '../../model/errors';
import { mismatch, missing } from '../ownership';
import type { Generation } from '../store';
import { inTransaction, type Connection } from './connection';
import { findRecord } from './generation';
import { readLayout, type TableLayout } from './layout';
import { generationSchema, qualified, quote } from './names';
import { readLive, readViews, refuseForeign, writeLive } from './readers';
import { lockSite, withConnection, type Site } from './site';

/**
 * How long all locks together are waited for. While we wait for one view, readers of those we have wait for us; kept
 * below the server's `deadlock_timeout` (1 s), so that a reader that holds what we want never is the victim.
 */
const lockBudgetMs = 500;

/**
 * Invariant 7: one transaction moves every view, so readers see one generation or the other. When readers hold a view
 * for longer than the budget it gives up (`Unavailable`), having changed nothing.
 *
 * A reader in a repeatable-read transaction that began before this and touched none of the views yet will see the new
 * generation as it was then; one that touched a view makes us wait.
 */
export async function promoteGeneration(site: Site, generation: Generation): Promise<void> {
  const schema = generationSchema(site.schema, generation.number);
  await withConnection(site, (connection) =>
    inTransaction(connection, async () => {
      await lockSite(connection, site);
      const record = await findRecord(connection, site, generation.number);
      const problem = record === 'no schema' ? missing(generation) : mismatch(record, generation);
      if (problem) throw problem;
      if ((await readLive(connection, site)) === generation.number) return;
      const layout = await readLayout(connection, schema);
      await refuseForeign(connection, site, [...layout.keys()]);
      const stale = (await readViews(connection, site)).filter((view) => !layout.has(view));
      const nextLock = await lockClock(connection);
      for (const [target, table] of layout) {
        await nextLock();
        await switchView(connection, site, { target, table });
      }
      for (const view of stale) {
        await nextLock();
        await dropView(connection, site, view);
      }
      await writeLive(connection, site, generation.number);
    }),
  );
}

/** Before each statement that locks: leaves it what remains of the budget. */
export async function lockClock(connection: Connection): Promise<() => Promise<void>> {
  const started = performance.now();
  return async () => {
    const left = Math.max(1, Math.round(lockBudgetMs - (performance.now() - started)));
    await connection.query({ text: `select set_config('lock_timeout', $1, true)`, values: [`${left}ms`] });
  };
}

export async function switchView(
  connection: Connection,
  site: Site,
  { target, table }: { target: string; table: TableLayout },
): Promise<void> {
  const view = qualified(site.schema, target);
  const body = `select ${table.columns.map(({ name }) => quote(name)).join(', ')} from ${table.relation}`;
  await connection.query({ text: 'savepoint switch_view' });
  try {
    // In place where the columns allow it: privileges, comments and others' views upon it stay as they are.
    await connection.query({ text: `create or replace view ${view} as ${body}` });
  } catch (error) {
    const columnsDiffer = error instanceof DatabaseError && error.code === '42P16';
    if (!columnsDiffer) throw error;
    await connection.query({ text: 'rollback to savepoint switch_view' });
    const restore = await readAttachments(connection, view);
    await dropView(connection, site, target);
    await connection.query({ text: `create view ${view} as ${body}` });
    for (const text of restore) await connection.query({ text });
  }
  await connection.query({ text: 'release savepoint switch_view' });
}

async function dropView(connection: Connection, site: Site, name: string): Promise<void> {
  const view = qualified(site.schema, name);
  const { rows } = await connection.query({
    text: `select distinct w.ev_class::regclass::text as name from pg_depend d
join pg_rewrite w on d.classid = 'pg_rewrite'::regclass and w.oid = d.objid
where d.refclassid = 'pg_class'::regclass and d.refobjid = $1::regclass and w.ev_class <> d.refobjid order by 1`,
    values: [view],
  });
  if (rows.length > 0) {
    throw new InvalidConfig(
      `${site.what}: the columns of ${site.schema}.${name} change, and others' views are built upon it: ${rows.map(({ name: dependent }) => dependent).join(', ')}. Drop them, retry, and create them again; or order a rebuild with a definition that keeps the columns.`,
    );
  }
  await connection.query({ text: `drop view ${view}` });
}

/** The statements that give a view made anew its predecessor's privileges, comment and owner, in this order. */
async function readAttachments(connection: Connection, view: string): Promise<readonly string[]> {
  const { rows } = await connection.query({
    text: `
select format('grant %s on %s to %s%s', x.privilege_type, $1::text,
         case when x.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(x.grantee)) end,
         case when x.is_grantable then ' with grant option' else '' end) as text, 1 as place
  from pg_class c, aclexplode(c.relacl) x where c.oid = $1::text::regclass
union all
select format('comment on view %s is %L', $1::text, obj_description(c.oid, 'pg_class')), 2
  from pg_class c where c.oid = $1::text::regclass and obj_description(c.oid, 'pg_class') is not null
union all
select format('alter view %s owner to %I', $1::text, pg_get_userbyid(c.relowner)), 3
  from pg_class c where c.oid = $1::text::regclass and c.relowner <> current_user::regrole
order by place`,
    values: [view],
  });
  return rows.map(({ text }) => String(text));
}
