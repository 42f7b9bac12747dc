import { DatabaseError } from 'pg';
import type { StoreDefinition } from '../../model/pipeline';
import { canonicalOffsets, type Offsets } from '../../model/offsets';
import { origin, type Position } from '../../model/position';
import { ownerToken, type LaneRecord } from '../ownership';
import type { Acceptance, Batch, Generation, Owner } from '../store';
import type { Site } from './site';
import type { Answer, Connection } from './connection';
import { generationSchema, qualified, recordTable } from './names';

/** A lane's row as it was read. */
export interface PostgresRecord extends LaneRecord {
  readonly number: number;
  readonly pipeline: string;
  readonly store: string;
  readonly definition: StoreDefinition;
  readonly position: Position;
  readonly positionAt: number;
}

/** Quoted and qualified. */
export function recordRelation(schema: string, number: number): string {
  return qualified(generationSchema(schema, number), recordTable);
}

export const recordColumns = `
  lane integer primary key,
  pipeline text not null,
  store text not null,
  number bigint not null,
  mapping_hash text not null,
  log_id text not null,
  definition json not null,
  owner text,
  next text not null,
  position_lsn text not null,
  position_index bigint not null,
  position_at bigint not null`;

export async function insertRecord(
  connection: Connection,
  relation: string,
  generation: Generation,
  { definition }: Pick<Site, 'definition'>,
): Promise<void> {
  const { pipeline, store, number, mappingHash, logId } = generation;
  await connection.query({
    text: `insert into ${relation} (lane, pipeline, store, number, mapping_hash, log_id, definition, owner, next,
  position_lsn, position_index, position_at)
select lane, $1, $2, $3, $4, $5, $6, null, $7, $8, $9, 0 from generate_series(0, $10::int) lane`,
    values: [
      ...[pipeline, store, number, mappingHash, logId, JSON.stringify(definition)],
      ...[canonicalOffsets({}), origin.lsn, origin.index],
      // The lane's own, and one for each share of it (parallel.ts).
      definition.parallel ?? 0,
    ],
  });
}

/** One lane's row; null when there is none. With `lock` nobody else can change it before this transaction ends. */
export async function readRecord(
  connection: Connection,
  relation: string,
  { lane, lock = false }: { lane: number; lock?: boolean },
): Promise<PostgresRecord | null> {
  const { rows } = await connection.query({
    text: `${selectRecords(relation)} where lane = $1${lock ? ' for update' : ''}`,
    values: [lane],
  });
  return rows[0] === undefined ? null : parseRecord(rows[0]);
}

export function selectRecords(relation: string): string {
  return `select number::text, pipeline, store, mapping_hash, log_id, definition::text, owner, next,
  position_lsn, position_index::text, position_at::text from ${relation}`;
}

export function parseRecord(row: Answer['rows'][number]): PostgresRecord {
  const text = (column: string) => String(row[column]);
  return {
    number: Number(row['number']),
    pipeline: text('pipeline'),
    store: text('store'),
    mappingHash: text('mapping_hash'),
    logId: text('log_id'),
    definition: JSON.parse(text('definition')) as StoreDefinition,
    owner: row['owner'] === null ? null : (JSON.parse(text('owner')) as Owner),
    next: JSON.parse(text('next')) as Offsets,
    position: { lsn: text('position_lsn'), index: Number(row['position_index']) },
    positionAt: Number(row['position_at']),
  };
}

export function acceptanceOf({ next, position, positionAt, logId, mappingHash }: PostgresRecord): Acceptance {
  return { next, position, positionAt, logId, mappingHash };
}

export async function writeOwner(
  connection: Connection,
  relation: string,
  { lane, owner }: { lane: number; owner: Owner },
): Promise<void> {
  await connection.query({
    text: `update ${relation} set owner = $1 where lane = $2`,
    values: [ownerToken(owner), lane],
  });
}

/** The name of the statement that compares and sets: a control may look for it. */
export const moveOffsetsName = 'slipstream_move_offsets';

/** The record is another owner's, or stands elsewhere than where the batch begins. */
export class NotMoved extends Error {
  override readonly name = 'NotMoved';
}

const divisionByZero = '22012';

/**
 * Invariants 3 and 4: moves the offsets if, and only if, the record is this owner's and stands where the batch begins; else
 * rejects with `NotMoved`. The row stays locked until the transaction ends, so whoever takes the lane waits for the outcome.
 *
 * A record that is not moved is an error to the server as well, by a division of one by the rows moved: nobody waits for the
 * answer, and what was sent behind it, the commit included, must find the transaction failed.
 */
export async function moveOffsets(
  connection: Connection,
  relation: string,
  { generation, batch }: { generation: Generation; batch: Batch },
): Promise<void> {
  const statement = {
    name: moveOffsetsName,
    text: `with moved as (
  update ${relation} set next = $1, position_lsn = $2, position_index = $3, position_at = $4
  where lane = $5 and next = $6 and owner = $7 and mapping_hash = $8 and log_id = $9 returning lane)
select 1 / count(*) from moved`,
    values: [
      ...[canonicalOffsets(batch.to), batch.position.lsn, batch.position.index, Math.trunc(batch.positionAt)],
      ...[batch.lane.index, canonicalOffsets(batch.from), ownerToken(batch.owner)],
      ...[generation.mappingHash, generation.logId],
    ],
  };
  try {
    await connection.query(statement);
  } catch (error) {
    throw error instanceof DatabaseError && error.code === divisionByZero ? new NotMoved() : error;
  }
}
