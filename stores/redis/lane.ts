import type { Offsets } from '../../model/offsets';
import { canonicalOffsets } from '../../model/offsets';
import { origin, type Position } from '../../model/position';
import { behind, fenced, mayOwn, mismatch, ownerToken, type LaneRecord } from '../ownership';
import type { Acceptance, Generation, Lane, Owner } from '../store';
import type { Connection, Reply } from './client';
import type { Names } from './names';
import type { Scripts } from './scripts';

/**
 * A lane's record: a hash of texts. Persistent: a change of its shape is a change of `format`, and the test that pins it
 * says how. `next` is canonical, so that a script can compare it.
 */
export interface StoredRecord {
  readonly format: '1';
  /** '' while nobody has it. */
  readonly owner: string;
  readonly next: string;
  readonly position: string;
  readonly positionAt: string;
  readonly logId: string;
  readonly mappingHash: string;
}

export function newRecord({ logId, mappingHash }: Generation): StoredRecord {
  const nothing = { next: canonicalOffsets({}), position: JSON.stringify(origin), positionAt: '0' };
  return { format: '1', owner: '', ...nothing, logId, mappingHash };
}

/** From HGETALL; null when there is none. */
export function parseRecord(reply: Reply): (LaneRecord & Acceptance) | null {
  const found = fieldsOf(reply);
  if (found['next'] === undefined) return null;
  return {
    owner: found['owner'] ? (JSON.parse(found['owner']) as Owner) : null,
    next: JSON.parse(found['next']) as Offsets,
    position: JSON.parse(found['position'] ?? 'null') as Position,
    positionAt: Number(found['positionAt']),
    logId: found['logId'] ?? '',
    mappingHash: found['mappingHash'] ?? '',
  };
}

/** Field, value, field, value … as an object. */
export function fieldsOf(reply: Reply): Record<string, string> {
  const flat = Array.isArray(reply) ? (reply as readonly string[]) : [];
  const found: Record<string, string> = {};
  for (let at = 0; at < flat.length; at += 2) found[flat[at] ?? ''] = flat[at + 1] ?? '';
  return found;
}

/** Gives the lane to `owner`. Throws `Fenced`, or `Blocked` when the record is gone or another generation's. */
export async function takeLane(
  { connection, names, scripts }: { connection: Connection; names: Names; scripts: Scripts },
  { generation, lane, owner }: { generation: Generation; lane: Lane; owner: Owner },
): Promise<Acceptance> {
  const key = names.lane(generation.number, lane);
  const reply = await connection.ask(['HGETALL', key]);
  const before = parseRecord(reply);
  if (!before) throw behind(generation, lane);
  const problem = mismatch(before, generation);
  if (problem) throw problem;
  if (!mayOwn(before.owner, owner)) throw fenced(generation, lane);
  const args = [fieldsOf(reply)['owner'] ?? '', ownerToken(owner)];
  // Read with the take-over: what was read before may miss what the previous owner was still allowed to write.
  const taken = parseRecord(await connection.run(scripts.acquire, { keys: [key], args }));
  if (!taken) throw fenced(generation, lane);
  const { next, position, positionAt, logId, mappingHash } = taken;
  return { next, position, positionAt, logId, mappingHash };
}
