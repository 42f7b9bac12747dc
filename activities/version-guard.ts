import { Blocked } from '../model/errors';
import type { Log } from '../model/log';
import { fitsWhole, judgeVersion, type VersionVerdict } from '../model/judge-version';
import { documentsOf, shadowedColumns, targetColumns, usedColumns, type TargetDocument } from '../model/mapping';
import type { DocumentBody, Json } from '../model/mutation';
import type { StoreDefinition } from '../model/pipeline';
import type { Column, SchemaVersion, TableSchema } from '../model/schema';
import type { Generation, Lane, Store, TableVersion } from '../stores/store';

/** Which columns of a record's document are taken, and which the generation has besides: null when all is as it should be. */
export type Shape = { readonly taken: readonly string[]; readonly empty: readonly string[] } | null;

/** What records of one version of a table are to a generation. */
export interface Admitted {
  /** null: records of old logs name no version. */
  readonly columns: readonly Column[] | null;
  /** By target; a target that is not here is as it should be. */
  readonly shapes: ReadonlyMap<string, NonNullable<Shape>>;
}

const unnamed: Admitted = { columns: null, shapes: new Map() };

/** The generation lacks columns that records to come have: the slice ends, extends it, and the next one goes on. */
export class ExtensionNeeded extends Error {
  override readonly name = 'ExtensionNeeded';
  constructor(
    readonly table: TableVersion,
    readonly columns: readonly string[],
  ) {
    super(`${table.name} has new columns: ${columns.join(', ')}.`);
  }
}

export interface GuardOptions {
  readonly store: Pick<Store, 'fit'>;
  readonly generation: Generation;
  readonly definition: StoreDefinition;
  /** The versions that the log keeps, by id. */
  readonly versions: () => Promise<ReadonlyMap<string, SchemaVersion>>;
  /** The tables as the source has them now; those that are not there are left out. */
  readonly catalogue: () => Promise<readonly TableSchema[]>;
}

/**
 * Stands between the log and one generation: every version of a table that records name is compared with what the
 * generation holds, once, before the first of them is applied (docs/schema-changes.md).
 */
export class VersionGuard {
  private readonly known = new Map<string, Admitted>();
  /** Of each table, the version that its last record named. */
  private readonly last = new Map<string, string>();
  /** As the log was last read: what an id names never changes. */
  private versions: ReadonlyMap<string, SchemaVersion> = new Map();

  constructor(private readonly options: GuardOptions) {}

  /**
   * Known already: undefined when it is not, and `admit` has to be asked. Records of old logs name no version. One that comes back
   * behind another may do so because the table does: a column that was dropped when its records were judged, and left out of
   * them (Invariant 5), is there again under the same version. Then a difference is judged anew.
   */
  admitted(table: string, schemaId: string | null): Admitted | undefined {
    if (schemaId === null) return unnamed;
    const known = this.known.get(`${schemaId} ${table}`);
    const comesBack = this.last.get(table) !== schemaId;
    this.last.set(table, schemaId);
    return comesBack && known && known.shapes.size > 0 ? undefined : known;
  }

  /** Throws `Blocked` schema-changed when another generation is needed, `ExtensionNeeded`, or what asking costs. */
  async admit(table: string, schemaId: string): Promise<Admitted> {
    const documents = documentsOf(this.options.definition, table);
    if (documents.length === 0) return unnamed;
    const version = await this.version(schemaId);
    if (!version) throw unknown(table, schemaId);
    const shapes = new Map<string, NonNullable<Shape>>();
    for (const document of documents) {
      const verdict = await this.judge(version, document);
      if (verdict.kind === 'reshape') shapes.set(document.target, { taken: verdict.taken, empty: verdict.empty });
    }
    const admitted = { columns: version.columns, shapes };
    this.known.set(`${schemaId} ${table}`, admitted);
    return admitted;
  }

  /** With hundreds of tables the log is read once, not for each of them. */
  private async version(id: string): Promise<SchemaVersion | undefined> {
    if (!this.versions.has(id)) this.versions = await this.options.versions();
    return this.versions.get(id);
  }

  private async judge(
    version: SchemaVersion,
    { table, target, mapping }: TargetDocument,
  ): Promise<Exclude<VersionVerdict, { kind: 'extend' | 'rebuild' }>> {
    const { store, generation, catalogue } = this.options;
    const fit = await store.fit(generation, { ...version, target });
    const filtered = usedColumns(mapping).filter((name) => !version.columns.some((column) => column.name === name));
    const shadowed = shadowedColumns(version, mapping);
    if (fitsWhole(fit) && filtered.length + shadowed.length === 0) return { kind: 'as-is' };
    // The source is asked about differences only: a store goes on without it.
    const now = (await catalogue()).find(({ name }) => name === table);
    const verdict = judgeVersion({
      version: targetColumns(version, mapping),
      fit,
      filters: filtered.filter((name) => !now?.columns.some((column) => column.name === name)),
      shadowed: now ? shadowedColumns(now, mapping).filter((name) => shadowed.includes(name)) : [],
      present: {
        columns: now ? targetColumns(now, mapping) : [],
        fit: now ? await store.fit(generation, { ...now, target }) : { absent: [], other: [], surplus: [] },
      },
    });
    switch (verdict.kind) {
      case 'extend':
        // What was as it should be will lack these columns. Kept, the next record of an older version would stop the lane.
        this.known.clear();
        throw new ExtensionNeeded({ ...version, target }, verdict.names);
      case 'rebuild':
        throw needsGeneration(table, generation, verdict.why);
      case 'as-is':
      case 'reshape':
        return verdict;
    }
  }
}

/** What the store holds open would be in the way. It is given up: the next slice begins at the store's record. */
export async function extendStore(
  { log }: { readonly log: Log },
  store: Store,
  { generation, lane, needed }: { generation: Generation; lane: Lane; needed: ExtensionNeeded },
): Promise<void> {
  await store.release(generation, lane);
  await store.extend(generation, needed.table, needed.columns);
  log('info', 'a table has new columns, and the store has them now', {
    ...{ pipeline: generation.pipeline, store: generation.store, generation: generation.number },
    ...{ table: needed.table.name, columns: needed.columns },
  });
}

/** The document as the generation holds its table. */
export function reshape(document: DocumentBody, shape: NonNullable<Shape>): DocumentBody {
  const result: Record<string, Json> = {};
  for (const name of shape.taken) result[name] = document[name] ?? null;
  for (const name of shape.empty) result[name] = null;
  return result;
}

function needsGeneration(table: string, { store, number }: Generation, why: string): Blocked {
  return new Blocked(
    'schema-changed',
    `${table} changed, and generation ${number} of store '${store}' cannot follow: ${why}. Order a rebuild, with a new ` +
      'definition if the present one names what is gone, or has its name for something else; readers keep what they have ' +
      'until it is done.',
  );
}

function unknown(table: string, schemaId: string): Blocked {
  return new Blocked(
    'undecodable',
    `Records of ${table} name the version ${schemaId}, which the log does not keep: its schemas topic was deleted or cut. ` +
      'Nobody can tell their columns. Begin a new log with a new pipeline.',
  );
}
