import type { Client } from 'pg';

/** One row change or message as `test_decoding` tells it: PostgreSQL's own word, and none of our code. */
export interface Decoded {
  /** Where this very change stands in the WAL; commits decide the order, and these interleave. */
  readonly lsn: bigint;
  readonly xid: number;
  /** `INSERT 5`, `UPDATE 5`, `DELETE 5`, or `message prefix text`. */
  readonly text: string;
}

export interface SecondSlot {
  /** Everything committed since the slot was made, in commit order. May be asked again. */
  decoded(): Promise<Decoded[]>;
}

/** A slot of the test's own beside capture's. Goes with the database: `closeSources` drops what is left of both. */
export async function openSecondSlot(client: Client, name: string): Promise<SecondSlot> {
  await client.query(`select pg_create_logical_replication_slot($1, 'test_decoding')`, [name]);
  return {
    async decoded() {
      const { rows } = await client.query<{ lsn: string; xid: string; data: string }>(
        'select lsn - $2::pg_lsn as lsn, xid::text, data from pg_logical_slot_peek_changes($1, null, null)',
        [name, '0/0'],
      );
      return rows.flatMap(({ lsn, xid, data }) => {
        const text = textOf(data);
        return text === null ? [] : [{ lsn: BigInt(lsn), xid: Number(xid), text }];
      });
    },
  };
}

/** Null for what is neither: BEGIN, COMMIT, and what an extension writes. */
function textOf(data: string): string | null {
  const change = /^table \S+: (INSERT|UPDATE|DELETE): (.*)$/s.exec(data);
  if (change) {
    // REPLICA IDENTITY FULL: the row before comes first.
    const row = (change[2] ?? '').split('new-tuple: ').at(-1) ?? '';
    return `${change[1]} ${/\bid\[[^\]]+\]:'?(-?\d+)/.exec(row)?.[1] ?? '?'}`;
  }
  const message = /^message: transactional: \d prefix: (.*?), sz: \d+ content:(.*)$/s.exec(data);
  return message ? `message ${message[1]} ${message[2]}` : null;
}
