import type { Blocked } from '../model/errors';
import type { SchemaVersion, TableSchema } from '../model/schema';
import type { PartitionDigest, PositionRecord } from '../stream/log';
import { schemaChanged, schemaId, schemaVersion, undescribed } from './relations';
import type { CapturedTable } from './source/catalogue';
import type { NotedPartitions, Remembered, TableChange, TableWatch } from './source/table-watch';
import type { CopyAgain, CopyExtent } from './table-change';

/** What position records say of the captured tables, and the versions that are to go to the log with the next append. */
export interface KnownTables {
  readonly schemas: Readonly<Record<string, string>>;
  readonly partitions: Readonly<Record<string, readonly string[]>>;
  readonly partitionDigests: Readonly<Record<string, PartitionDigest>>;
  readonly versions: SchemaVersion[];
  /** The stream goes on in this version of a table. Written whenever it is another than before, so the last is in force. */
  enter(table: TableSchema): void;
  take(change: TableChange): void;
}

export function createKnownTables(input: {
  readonly last: PositionRecord;
  readonly watch: Pick<TableWatch, 'tables' | 'partitionsOf'>;
  /** Copies the table again; `recorded` once the log says so. */
  readonly copyAgain: (table: CapturedTable, extent: CopyExtent, recorded: () => void) => void;
  readonly renew: (table: CapturedTable) => void;
  readonly log: (table: string, copy: CopyAgain) => void;
}): KnownTables {
  const { last, watch } = input;
  const versions = undescribed(watch.tables, last);
  const entered = new Map(watch.tables.map((table) => [table.name, schemaId(table)]));
  const schemas: Record<string, string> = { ...last.schemas };
  const partitions: Record<string, readonly string[]> = { ...last.partitions };
  const partitionDigests: Record<string, PartitionDigest> = { ...last.partitionDigests };

  const note = (table: TableSchema, { ids, digest }: NotedPartitions) => {
    schemas[table.name] = schemaId(table);
    // A partitioned table may have lost its last one.
    if (ids.length === 0 && !partitions[table.name]) return;
    partitions[table.name] = ids;
    partitionDigests[table.name] = digest;
  };
  const enter = (table: TableSchema) => {
    const version = schemaVersion(table);
    if (entered.get(table.name) === version.id) return;
    entered.set(table.name, version.id);
    versions.push(version);
  };

  for (const table of watch.tables) {
    // What the log says nothing of yet is taken as it is found; what differs comes as a change.
    schemas[table.name] ??= schemaId(table);
    const { ids, digest } = watch.partitionsOf(table.name);
    if (ids.length === 0) continue;
    partitions[table.name] ??= ids;
    partitionDigests[table.name] ??= digest;
  }
  return {
    schemas,
    partitions,
    partitionDigests,
    versions,
    enter,
    take({ table, partitions: relations, copy }) {
      enter(table);
      if (copy === null) {
        note(table, relations);
        input.renew(table);
        return;
      }
      input.log(table.name, copy);
      // What is noted would say that all is well, and a crash before the cursor is on the log would leave out the copy.
      input.copyAgain(table, copy.extent, () => note(table, relations));
    },
  };
}

/**
 * What the log remembers of each table. `keptVersions` is asked only when one has changed. Throws `Blocked` for a log that
 * was begun before versions were kept, and whose table has changed: nobody can say from what.
 */
export async function remember(
  last: PositionRecord,
  tables: readonly CapturedTable[],
  keptVersions: () => Promise<ReadonlyMap<string, SchemaVersion>>,
): Promise<(table: string) => Remembered> {
  const changed = tables.filter((table) => (last.schemas?.[table.name] ?? schemaId(table)) !== schemaId(table));
  const kept = changed.length > 0 ? await keptVersions() : new Map<string, SchemaVersion>();
  const versions = new Map(changed.map(({ name }) => [name, kept.get(last.schemas?.[name] ?? '') ?? null]));
  for (const [name, version] of versions) if (version === null) throw forgotten(name);
  return (name) => {
    const ids = last.partitions?.[name];
    const partitions = ids ? { ids, digest: last.partitionDigests?.[name] ?? null } : null;
    return { version: versions.get(name) ?? null, partitions };
  };
}

function forgotten(table: string): Blocked {
  return schemaChanged(table, 'its columns or its key are not those the log was begun with');
}
