/**
 * Few classes, each named for the reaction it asks for. Messages say what happened, to what, and what to do next; they
 * never hold row values or secrets, since they end up in history and logs.
 */

/** The configuration or the set-up is wrong: refuse, before anything is changed. */
export class InvalidConfig extends Error {
  override readonly name = 'InvalidConfig';
}

/** What stopped a lane or capture for good. Published: operators and scripts match on it. */
export type BlockedReason =
  | 'log-truncated' // the log no longer holds the next offset, or tombstones may have passed us
  | 'log-replaced' // the topics belong to another log, or partitions were added
  | 'slot-lost' // the slot is gone, invalidated, or belongs to another database or plugin
  | 'slot-ahead' // confirmed beyond the last position record: changes were thrown away unread
  | 'source-replaced' // another system id or timeline
  | 'source-rewound' // the leader's WAL ends before the last position record
  | 'store-behind' // the store's record does not match what was promised (restored backup, foreign writer)
  | 'schema-changed' // a table's columns or key are no longer those the log was begun with
  | 'oversized' // a row or message that no record of the log can carry
  | 'undecodable' // a record or WAL message that cannot be decoded
  | 'transform-changed' // a function that the store was built with is there in another version only
  | 'unmappable' // a record that the store's mapping cannot make a document of
  | 'unstorable' // a record the store refuses for good
  | 'too-much-poison'; // more records would be parked than the store's policy allows

/** Going on would skip or corrupt something: stop, say why, wait for a person. Never retried by itself. */
export class Blocked extends Error {
  override readonly name = 'Blocked';
  constructor(
    readonly reason: BlockedReason,
    message: string,
  ) {
    super(message);
  }
}

/** The reasons that concern one record alone: all others of its table may be well. */
export type PoisonReason = Extract<BlockedReason, 'undecodable' | 'unmappable' | 'unstorable'>;

/**
 * One record, and no other, cannot be carried on. It blocks its lane, unless the store's policy has it parked
 * (model/poison.ts makes the message: table, key, offset and why, never a value).
 */
export class PoisonRecord extends Blocked {
  constructor(
    override readonly reason: PoisonReason,
    message: string,
  ) {
    super(reason, message);
  }
}

/** Another owner has the lane or the log: stop writing at once. A retry of the rightful owner may take it. */
export class Fenced extends Error {
  override readonly name = 'Fenced';
}

/** A server or connection failed in a way that passes: try again. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}

const retryable: Readonly<Record<string, boolean>> = {
  InvalidConfig: false,
  Blocked: false,
  Fenced: true,
  Unavailable: true,
};

/** What is not in the table is a bug or a foreign error: worth another try, and loud in the counts. */
export function isRetryable(error: unknown): boolean {
  return error instanceof Error ? (retryable[error.name] ?? true) : true;
}
