import type { Database } from './database';
import { waitFor } from './wait';

/**
 * Ends whoever reads a slot of this database, and drops them all. Slots are few and hold WAL back, so one that stays is
 * the next tests' trouble; databases, topics and indexes may stay, since nobody else has their names.
 */
export async function dropSlots(server: Pick<Database, 'query'>, database: string): Promise<void> {
  await waitFor({
    what: `the slots of ${database} to be free, and gone`,
    seconds: 30,
    look: () =>
      server.query(
        `select slot_name, case when active then pg_terminate_backend(active_pid)::text
                           else pg_drop_replication_slot(slot_name)::text end
           from pg_replication_slots where database = $1`,
        [database],
      ),
    until: (left) => left.length === 0,
  });
}
