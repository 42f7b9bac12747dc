import type { Script } from './client';

/**
 * What Redis does in one step. A script runs alone, from its first command to its last, and its effects stand in the
 * append-only file as one transaction: all of it is there after a crash, or none. Each looks first and writes then, and
 * no write can fail in the middle: a full memory, a full disk and too few replicas refuse a script before its first write.
 *
 * Tests put in others to take a mechanism away.
 */
export interface Scripts {
  readonly create: Script;
  readonly inspect: Script;
  readonly acquire: Script;
  readonly applyTexts: Script;
  readonly applyHashes: Script;
  readonly describe: Script;
  readonly promote: Script;
  readonly retire: Script;
  readonly sweep: Script;
  readonly readTexts: Script;
  readonly readHashes: Script;
}

/**
 * Invariants 3 and 4: nothing is written unless the lane belongs to this very attempt, is filled under this mapping from
 * this log, and stands where the batch begins; then the record moves with the data. Offsets are the versions of all
 * documents of the batch at once, so none has to be kept, and compared, for each: what was applied cannot be applied
 * again, nor anything older, and a delete needs no tombstone.
 *
 * KEYS lane, ids. ARGV prefix of documents, owner, logId, mappingHash, from; to, position, positionAt; seconds to live (0:
 * for ever); number of upserts, number of deletes; then both. Answers with the record when it refuses.
 */
const admit = `
local now = redis.call('HMGET', KEYS[1], 'owner', 'logId', 'mappingHash', 'next')
if now[1] ~= ARGV[2] or now[2] ~= ARGV[3] or now[3] ~= ARGV[4] or now[4] ~= ARGV[5] then return now end
local prefix, seconds, upserts, deletes = ARGV[1], tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])
`;

/** Arguments of one command: Lua's stack takes about 8,000. */
const atOnce = 1000;

/** Upserts: id, text. The commonest case has as few commands as possible. */
const writeTexts = `
local at = 12
for first = 1, upserts, ${atOnce} do
  local last = math.min(first + ${atOnce - 1}, upserts)
  local ids, texts = {}, {}
  for _ = first, last do
    ids[#ids + 1] = 0
    ids[#ids + 1] = ARGV[at]
    texts[#texts + 1] = prefix .. ARGV[at]
    texts[#texts + 1] = ARGV[at + 1]
    at = at + 2
  end
  redis.call('ZADD', KEYS[2], unpack(ids))
  if seconds == 0 then redis.call('MSET', unpack(texts))
  else for n = 1, #texts, 2 do redis.call('SET', texts[n], texts[n + 1], 'EX', seconds) end end
end
`;

/** Upserts: id, number of fields and values, these. The whole hash is replaced: a field that became NULL is not there. */
const writeHashes = `
local at = 12
for _ = 1, upserts do
  local key, count = prefix .. ARGV[at], tonumber(ARGV[at + 1])
  redis.call('ZADD', KEYS[2], 0, ARGV[at])
  redis.call('UNLINK', key)
  for first = at + 2, at + 1 + count, ${2 * atOnce} do
    redis.call('HSET', key, unpack(ARGV, first, math.min(first + ${2 * atOnce - 1}, at + 1 + count)))
  end
  if seconds > 0 then redis.call('EXPIRE', key, seconds) end
  at = at + 2 + count
end
`;

/** Deletes, and last of all the record: were a write refused half-way after all, the batch would be applied again. */
const removeAndMove = `
for first = at, at + deletes - 1, ${atOnce} do
  local last = math.min(first + ${atOnce - 1}, at + deletes - 1)
  local keys = {}
  for n = first, last do keys[#keys + 1] = prefix .. ARGV[n] end
  redis.call('UNLINK', unpack(keys))
  redis.call('ZREM', KEYS[2], unpack(ARGV, first, last))
end
redis.call('HSET', KEYS[1], 'next', ARGV[6], 'position', ARGV[7], 'positionAt', ARGV[8])
return 'applied'
`;

export const scripts: Scripts = {
  /**
   * A generation and its lane come into the world together: a generation without its record is one that lost it.
   * KEYS generations, dropping, lane, ids. ARGV number, description; then the record's fields.
   */
  create: {
    name: 'create',
    text: `
if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 1 then return 'dropping' end
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then return 'exists' end
if redis.call('EXISTS', KEYS[3], KEYS[4]) > 0 then return 'taken' end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('HSET', KEYS[3], unpack(ARGV, 3))
return 'created'
`,
  },

  /** KEYS current, generations. ARGV what stands before and behind a generation's number in the key of its lane. */
  inspect: {
    name: 'inspect',
    text: `
local found = {}
local all = redis.call('HGETALL', KEYS[2])
for n = 1, #all, 2 do
  found[#found + 1] = { all[n], all[n + 1], redis.call('HGETALL', ARGV[1] .. all[n] .. ARGV[2]) }
end
return { redis.call('GET', KEYS[1]), found }
`,
  },

  /** Invariant 4: of two that saw the same owner one gets the lane. KEYS lane. ARGV owner seen ('' for nobody), owner. */
  acquire: {
    name: 'acquire',
    text: `
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return nil end
redis.call('HSET', KEYS[1], 'owner', ARGV[2])
return redis.call('HGETALL', KEYS[1])
`,
  },

  applyTexts: { name: 'apply', text: admit + writeTexts + removeAndMove },
  applyHashes: { name: 'apply', text: admit + writeHashes + removeAndMove },

  /** What a generation is, changed if nobody changed it meanwhile. KEYS generations. ARGV number, before, after. */
  describe: {
    name: 'describe',
    text: `
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
`,
  },

  /** Invariant 7: one write, and only to a generation that is there. KEYS current, generations. ARGV number. */
  promote: {
    name: 'promote',
    text: `
if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 0 then return 0 end
redis.call('SET', KEYS[1], ARGV[1])
return 1
`,
  },

  /**
   * From here on nobody writes this generation (its lane has no record) and nobody finds it, except to go on removing it.
   * KEYS current, generations, dropping, lane. ARGV number.
   */
  retire: {
    name: 'retire',
    text: `
if redis.call('GET', KEYS[1]) == ARGV[1] then return 'live' end
local description = redis.call('HGET', KEYS[2], ARGV[1])
if description then
  redis.call('HSET', KEYS[3], ARGV[1], description)
  redis.call('HDEL', KEYS[2], ARGV[1])
  redis.call('UNLINK', KEYS[4])
end
return 'retired'
`,
  },

  /** Some documents of a retired generation; its last trace goes with the last of them. KEYS dropping, ids. ARGV number, prefix, how many. */
  sweep: {
    name: 'sweep',
    text: `
local ids = redis.call('ZRANGE', KEYS[2], 0, ARGV[3] - 1)
if #ids == 0 then
  redis.call('HDEL', KEYS[1], ARGV[1])
  return 0
end
local keys = {}
for n = 1, #ids do keys[n] = ARGV[2] .. ids[n] end
redis.call('UNLINK', unpack(keys))
redis.call('ZREMRANGEBYRANK', KEYS[2], 0, #ids - 1)
return #ids
`,
  },

  /** Ids in the order of their bytes, each with its document, or null when it has expired. KEYS ids. ARGV prefix, min, max, how many. */
  readTexts: { name: 'read', text: readPage("redis.call('GET', ARGV[1] .. id)") },
  readHashes: { name: 'read', text: readPage("redis.call('HGETALL', ARGV[1] .. id)") },
};

function readPage(document: string): string {
  return `
local found = {}
for n, id in ipairs(redis.call('ZRANGEBYLEX', KEYS[1], ARGV[2], ARGV[3], 'LIMIT', 0, ARGV[4])) do
  found[n] = { id, ${document} }
end
return found
`;
}
