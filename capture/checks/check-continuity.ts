import type { Blocked } from '../../model/errors';
import { finding, type Finding } from '../../model/finding';
import type { SchemaVersion, TableSchema } from '../../model/schema';
import type { PositionRecord } from '../../stream/log';
import { readSystem } from './check-source';
import { judgeSource, type SlotRow } from '../source/identity';
import { published, schemaChanged, schemaId } from '../relations';
import { judgeTableChange, noPartitionMoved, type TableState } from '../table-change';

/**
 * Do the source, its slot and a log that is begun still fit each other? What capture would be BLOCKED with, told
 * beforehand. `slot` must have been read before `last`, and the source's WAL is read after it: a capture that runs
 * meanwhile appends first and confirms then. Rejects when the source does not let itself be identified.
 */
export async function checkContinuity(input: {
  readonly prefix: string;
  readonly url: string;
  readonly slotName: string;
  readonly slot: SlotRow | null;
  /** As the catalogue has them now. */
  readonly tables: readonly TableSchema[];
  /** Captured tables that the publication does not hold. */
  readonly unpublished: readonly string[];
  readonly last: PositionRecord;
  /** The versions of tables that the log keeps, by id. */
  readonly versions: ReadonlyMap<string, SchemaVersion>;
}): Promise<Finding[]> {
  const { prefix, url, slotName, slot, tables, last } = input;
  const where = `log ${prefix}`;
  const system = await readSystem(url);
  const changed = tables.map((table) => changedSchema(table, input.versions.get(last.schemas?.[table.name] ?? '')));
  const blocked = [judgeSource({ slotName, slot, system, last }), ...changed];
  const unpublished = input.unpublished.filter((table) => table in last.copies);
  return [
    ...blocked.flatMap((each) => (each === null ? [] : [discontinued(where, each.reason, each.message)])),
    ...unpublished.map((table) =>
      discontinued(where, 'slot-lost', `The publication does not hold ${table} any more, whose capture has begun.`),
    ),
  ];
}

function discontinued(where: string, reason: string, message: string): Finding {
  const cure = `See ${reason} in docs/operations.md, "BLOCKED: reasons".`;
  return finding('log-discontinued', { where, what: message, cure });
}

/** As capture will judge it (source/table-watch.ts); a log that keeps no version of the table says nothing. */
function changedSchema(table: TableSchema, version: SchemaVersion | undefined): Blocked | null {
  if (version === undefined || version.id === schemaId(table)) return null;
  const verdict = judgeTableChange(stateOf(version), stateOf(table));
  return verdict.kind === 'blocked' ? schemaChanged(table.name, verdict.why) : null;
}

function stateOf(table: Pick<TableSchema, 'relationId' | 'columns' | 'key'>): TableState {
  return { ...table, columns: published(table), numbers: null, filled: [], partitions: null, ...noPartitionMoved };
}
