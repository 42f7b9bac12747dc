import { setImmediate as turn } from 'node:timers/promises';
import type { Outcome } from '../model/change';
import type { Mapping } from '../model/mapping';
import type { AbsentColumns } from './absent-columns';
import { PoisonRecord, type PoisonReason } from '../model/errors';
import { coalesce, type Mutation } from '../model/mutation';
import type { FetchedRecord, LaneReader, LogBatch } from '../stream/log';
import { createOutcomeDecoder } from '../stream/outcome';
import { withoutSuperseded } from './superseded';
import { reshape, type Admitted, type VersionGuard } from './version-guard';

/**
 * Records a micro-batch holds at most (a source transaction may make it larger, in pieces of this size). Each costs a
 * commit in PostgreSQL and a write of the record in Elasticsearch. Half of the most that one append of
 * capture holds (`capture/pending.ts`): were it a little less than one, every other piece would be nearly empty.
 */
const batchRecords = 4_000;
/** Invariant 10: the records of a micro-batch are in memory several times over, as bytes, as rows, as statements. */
const batchBytes = 8 << 20;
/** How long the reader waits for something new before the slice looks at its clock. */
const waitMs = 500;
/** Invariant 10: beside a piece larger than this no other is made ready, so rows of megabytes are in memory once. */
const besideBytes = 4 << 20;
/** Between so many records the store gets a turn: its answers are waited for by the next statement. */
const recordsPerTurn = 200;

/** Twice as many as there are where rows are written and deleted, with a tombstone each. */
const dense = 4;

/** A piece of the log, and what it amounts to in the store: one mutation per document. */
export interface MicroBatch extends LogBatch, Mapped {
  readonly mutations: readonly Mutation[];
}

/** What became of records, in their order. */
export interface Mapped {
  /** Before the last write of each document wins; `sources` has the record of each. */
  readonly each: readonly Mutation[];
  readonly sources: readonly FetchedRecord[];
  readonly poison: readonly PoisonedRecord[];
}

/** A record that cannot be decoded or mapped, where the store's policy has such records parked. */
export interface PoisonedRecord {
  readonly source: FetchedRecord;
  readonly error: PoisonRecord;
  /** So many of `each` come before it. */
  readonly at: number;
}

/**
 * What a slice takes from its reader. While the store works on one micro-batch the next is decoded and mapped: a lane
 * that does one after the other lets the store wait for half of the time (docs/performance.md).
 */
export class MicroBatches {
  /** Taken from the reader and not yet handed out: the reader is ahead of the slice by this. */
  ready: MicroBatch | null = null;
  /** No record is wanted that a later one of its batch makes good for. Where records are parked, each of a row's is. */
  lastOnly = false;
  /** The last batch had `dense` records of a document, or more. */
  private dense = false;
  private readonly decode: ReturnType<typeof createOutcomeDecoder>;

  constructor(
    private readonly from: {
      readonly reader: LaneReader;
      readonly absent: Pick<AbsentColumns, 'complete'>;
      readonly guard: Pick<VersionGuard, 'admitted' | 'admit'>;
    },
    private readonly mapping: Mapping,
    private readonly until: string | undefined,
    /** Whether a record that fails so is set aside; what is not ends the slice. */
    private readonly parks: (reason: PoisonReason) => boolean = () => false,
    asRows = false,
  ) {
    this.decode = createOutcomeDecoder({ asRows });
  }

  /** The next one, made ready or not; null when nothing came for a while, at `until`, or when the signal aborts. */
  async next(signal: AbortSignal): Promise<MicroBatch | null> {
    const { ready } = this;
    this.ready = null;
    return ready ?? this.take(waitMs, signal);
  }

  /** Makes the next one ready if it is here already; waits for nothing. */
  async lookAhead(beside: LogBatch, signal: AbortSignal): Promise<void> {
    if (bytesOf(beside.records) <= besideBytes) this.ready = await this.take(0, signal);
  }

  private async take(wait: number, signal: AbortSignal): Promise<MicroBatch | null> {
    const { until } = this;
    const piece = await this.from.reader.next({
      maxRecords: batchRecords,
      maxBytes: batchBytes,
      waitMs: wait,
      signal,
      ...(until === undefined ? {} : { until }),
    });
    if (!piece) return null;
    const mapped = await this.map(this.needed(piece.records), signal);
    const mutations = coalesce(mapped.each);
    this.dense = mutations.length * dense <= piece.records.length;
    return { ...piece, ...mapped, mutations };
  }

  /** Looking for what is superseded costs a tenth of decoding it: it is done while there is much of it. */
  private needed(records: readonly FetchedRecord[]): readonly FetchedRecord[] {
    return this.lastOnly && this.dense ? withoutSuperseded(records) : records;
  }

  /** Throws what is nobody's fault in particular, and the fault of a record that `parks` does not have set aside. */
  async map(records: readonly FetchedRecord[], signal: AbortSignal, parks = this.parks): Promise<Mapped> {
    const each: Mutation[] = [];
    const sources: FetchedRecord[] = [];
    const poison: PoisonedRecord[] = [];
    let last: Version | null = null;
    for (const [at, record] of records.entries()) {
      if (at % recordsPerTurn === recordsPerTurn - 1) await turn();
      try {
        const outcome = this.decode(record);
        const change = outcome?.absent ? await this.from.absent.complete(outcome, signal) : outcome;
        if (!change) continue;
        const { table, schemaId } = change;
        // Records come in runs of one version.
        const same = last !== null && last.schemaId === schemaId && last.table === table;
        const admitted: Admitted = same && last ? last.admitted : await this.admit(change);
        if (!same) last = { table, schemaId, admitted };
        const { columns, shapes } = admitted;
        for (const mutation of this.mapping(change, record.offset, columns)) {
          each.push(shaped(mutation, shapes));
          sources.push(record);
        }
      } catch (error) {
        if (!(error instanceof PoisonRecord) || !parks(error.reason)) throw error;
        poison.push({ source: record, error, at: each.length });
      }
    }
    return { each, sources, poison };
  }

  private async admit({ table, schemaId }: Outcome): Promise<Admitted> {
    const { guard } = this.from;
    return guard.admitted(table, schemaId) ?? guard.admit(table, schemaId ?? '');
  }
}

interface Version extends Pick<Outcome, 'table' | 'schemaId'> {
  readonly admitted: Admitted;
}

function shaped(mutation: Mutation, shapes: Admitted['shapes']): Mutation {
  const shape = shapes.size === 0 ? undefined : shapes.get(mutation.target);
  if (!shape || mutation.document === null) return mutation;
  const { id, target, key, version, document } = mutation;
  return { id, target, key, document: reshape(document, shape), version };
}

function bytesOf(records: readonly FetchedRecord[]): number {
  let bytes = 0;
  for (const { value, absentBytes = 0 } of records) bytes += (value?.length ?? 0) + absentBytes;
  return bytes;
}
