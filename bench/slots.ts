import { withClient } from '../examples/shop/database';
import { ensureTopics, tableTopics } from '../stream/topics';
import { createKafka } from '../stream/kafka';
import { openLogWriter } from '../stream/log-writer';
import { openReplication } from '../capture/replication';
import { resourceNames } from '../model/names';
import { lsnFromText } from '../model/position';
import { parsePipeline } from '../model/pipeline';
import type { Place } from './log';
import { table } from './source';

export const publication = 'bench';

/** Before the backlog is written. Returns where it will begin, decimal digits. */
export async function holdPlace(url: string, slot: string): Promise<string> {
  return withClient(url, async (client) => {
    await client.query(
      `create publication ${publication} for table only ${table} with (publish_via_partition_root = true)`,
    );
    const { rows } = await client.query<{ lsn: string }>(
      `select lsn::text from pg_create_logical_replication_slot($1, 'pgoutput')`,
      [slot],
    );
    return lsnFromText(rows[0]?.lsn ?? '');
  });
}

export async function copySlot(url: string, from: string, to: string): Promise<void> {
  await withClient(url, (client) => client.query('select pg_copy_logical_replication_slot($1, $2)', [from, to]));
}

/** Waits until its walsender has gone, which a closed connection tells it only at its next write. */
export async function dropSlot(url: string, slot: string): Promise<void> {
  await withClient(url, async (client) => {
    await client.query(`select pg_terminate_backend(active_pid, 5000) from pg_replication_slots where slot_name = $1`, [
      slot,
    ]);
    await client.query('select pg_drop_replication_slot($1)', [slot]);
  });
}

/**
 * A log as it is when its copy is done and its capture has stood still since `lsn`: topics, and a position record that
 * says so. What capture finds after a night without a worker.
 */
export async function beginLog(place: Place, { logId, lsn }: { logId: string; lsn: string }): Promise<void> {
  const { name, log, source } = parsePipeline(place.pipeline);
  const kafka = createKafka({ brokers: [place.kafka], clientId: 'bench-begin' });
  await ensureTopics({ kafka, tables: source.tables, ...log });
  const replication = await openReplication(place.environment.BENCH_SOURCE_URL);
  await replication.close();
  const writer = await openLogWriter({
    kafka,
    prefix: log.prefix,
    transactionalId: resourceNames(name).transactionalId,
    logId,
    source: replication.system,
    topics: tableTopics(log.prefix, source.tables, log.partitions),
    producer: place.producer,
  });
  try {
    const copies = { [table]: { done: true, after: null, rows: 0 } };
    await writer.append([], { position: { lsn, index: 0 }, closed: true, copies, committedAt: 0 });
  } finally {
    await writer.close();
  }
}
