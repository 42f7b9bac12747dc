import type { AcceptedVersion } from './accepted-versions';
import type { Database } from './database';
import { workloadKeys } from './workload-schema';

/** Target in the replica → key columns there. */
const keys: Readonly<Record<string, readonly string[]>> = {
  accounts: workloadKeys.accounts,
  safes: workloadKeys.vaults,
  documents: workloadKeys.documents,
  entries: workloadKeys.entries,
};

/**
 * Records every row version that a generation's tables accept, in order, by a trigger. Generations come and go while the
 * test runs, so an event trigger puts it on each table as it is created. Call before the worker starts.
 */
export async function recordReplica(replica: Database, schema: string): Promise<void> {
  await replica.query(`
    create schema recorder;
    create table recorder.versions (
      entry bigserial primary key, generation text, target text, row jsonb, deleted boolean, transaction xid8
    );
    create function recorder.record() returns trigger language plpgsql as $$
    begin
      insert into recorder.versions (generation, target, row, deleted, transaction)
      values (tg_table_schema, tg_table_name,
        (case when tg_op = 'DELETE' then to_jsonb(old) else to_jsonb(new) end) - 'body', tg_op = 'DELETE',
        pg_current_xact_id());
      return null;
    end $$;
    create function recorder.watch() returns event_trigger language plpgsql as $$
    declare made record;
    begin
      for made in select c.relname, n.nspname from pg_event_trigger_ddl_commands() d
        join pg_class c on c.oid = d.objid and d.classid = 'pg_class'::regclass
        join pg_namespace n on n.oid = c.relnamespace
        where c.relkind = 'r' and n.nspname like '${schema.replaceAll('_', '\\_')}\\_g%' and c.relname not like '\\_slipstream%'
      loop
        execute format('create trigger record_versions after insert or update or delete on %I.%I
          for each row execute function recorder.record()', made.nspname, made.relname);
      end loop;
    end $$;
    create event trigger watch_generations on ddl_command_end when tag in ('CREATE TABLE', 'CREATE TABLE AS')
      execute function recorder.watch();
  `);
}

/** Everything accepted so far, oldest first. */
export async function replicaVersions(replica: Database): Promise<AcceptedVersion[]> {
  const rows = await replica.query(
    `select generation, target, row::text as row, deleted from recorder.versions order by entry`,
  );
  return rows.map((entry) => {
    const row = JSON.parse(String(entry['row'])) as Record<string, unknown>;
    const target = String(entry['target']);
    return {
      generation: String(entry['generation']),
      target,
      key: (keys[target] ?? ['id']).map((name) => String(row[name])).join('|'),
      revision: entry['deleted'] === true ? null : Number(row['revision']),
    };
  });
}
