import type { Client } from 'pg';
import { readsBack } from '../model/pipeline';
import type { LogWriter, PositionRecord } from '../stream/log';
import { remember } from './known-tables';
import type { CaptureOptions, CaptureParts } from './parts';
import { readFlushLsn } from './progress';
import { undescribed } from './relations';
import type { Replication } from './replication';
import { connect, disconnect, translateSourceError } from './source/connection';
import { logReplaced } from './source/prepare';
import { checkPublication } from './source/publication';
import { freeSlot, readSlot } from './source/slot';
import { createTableWatch, type TableChange, type TableWatch } from './source/table-watch';

/** What is open, to be closed in reverse. */
export interface Opened {
  readonly replication: Replication;
  readonly writer: LogWriter;
  readonly last: PositionRecord;
  readonly control: Client;
  readonly tableWatch: TableWatch;
  /** What became of the tables since the log was last written. */
  readonly changed: readonly TableChange[];
  /** For the copy alone, and opened when there is something to copy. */
  readonly copyClient: () => Promise<Client>;
}

/** Opens all of it in the order that is the guarantee, and puts into `cleanup` what is to be closed. */
export async function openParts(
  options: CaptureOptions & { readonly logId: string },
  parts: CaptureParts,
  cleanup: (() => Promise<void>)[],
): Promise<Opened> {
  const { source } = options.pipeline;
  const replication = await parts.openReplication(options.sourceUrl);
  cleanup.push(() => replication.close());
  const { systemId, timeline } = replication.system;
  const writer = await parts.openWriter(options, { logId: options.logId, systemId, timeline });
  cleanup.push(() => writer.close());
  const last = writer.last;
  if (last === null || last.logId !== options.logId) throw logReplaced(options, last?.logId ?? null);
  const control = await connect(options.sourceUrl);
  cleanup.push(() => disconnect(control));
  // Slot and WAL are read after the log's end: until the fence was taken an older session could append and confirm,
  // and values read before would make a healthy source look rewound.
  const system = { ...replication.system, flushLsn: await readFlushLsn(control) };
  const judgeSlot = async () => {
    const slot = await readSlot(control, source.slot);
    const blocked = parts.judgeSource({ slotName: source.slot, slot, system, last });
    if (blocked) throw blocked;
  };
  await judgeSlot();
  const tableWatch = await createTableWatch({
    client: control,
    publication: source.publication,
    names: source.tables,
    readBack: readsBack(options.pipeline),
    judge: parts.judgeTable,
  });
  const { tables } = tableWatch;
  const changed = await tableWatch.since(await remember(last, tables, () => parts.readVersions(options)));
  // A log begun before versions were kept has no topic for them.
  if (undescribed(tables, last).length > 0) await parts.ensureTopics(options);
  await checkPublication(control, { name: source.publication, tables });
  await freeSlot(control, source.slot);
  // Once more, now that nobody reads it: who did may have been no session of this log, which no fence has kept from confirming
  // since. What it confirmed would be passed over without a word (Invariant 9).
  await judgeSlot();
  let copying: Promise<Client> | null = null;
  cleanup.push(async () => {
    const client = await copying?.catch(() => null);
    if (client) await disconnect(client);
  });
  const copyClient = () => (copying ??= connect(options.sourceUrl));
  return { replication, writer, last, control, tableWatch, changed, copyClient };
}

/** In reverse; all of them, whatever fails; the first failure is thrown. */
export async function closeAll(cleanup: (() => Promise<void>)[]): Promise<void> {
  const results: PromiseSettledResult<void>[] = [];
  for (const close of cleanup.splice(0).reverse()) results.push(...(await Promise.allSettled([close()])));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw translateSourceError(failed.reason);
}
