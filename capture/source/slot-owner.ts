import type { Client } from 'pg';
import { InvalidConfig } from '../../model/errors';
import { quoteName } from './quoting';

/** Which pipeline a slot is of. PostgreSQL keeps no comment with a slot, but one with the publication that is read through it. */
export interface SlotNote {
  readonly publication: string;
  readonly pipeline: string;
  readonly slot: string;
}

/** Names of pipelines and slots hold neither blanks nor commas. */
const form = /^Slipstream: pipeline ([^ ,]+), slot ([^ ,]+)$/;

export function slotNote({ pipeline, slot }: Omit<SlotNote, 'publication'>): string {
  return `Slipstream: pipeline ${pipeline}, slot ${slot}`;
}

export function parseSlotNote(publication: string, comment: string | null): SlotNote | null {
  const [, pipeline, slot] = form.exec(comment ?? '') ?? [];
  return pipeline === undefined || slot === undefined ? null : { publication, pipeline, slot };
}

/** Of all publications of this database. */
export async function readSlotNotes(client: Client): Promise<readonly SlotNote[]> {
  const { rows } = await client.query<{ name: string; comment: string | null }>(
    `select pubname as name, obj_description(oid, 'pg_publication') as comment from pg_publication`,
  );
  return rows.flatMap(({ name, comment }) => parseSlotNote(name, comment) ?? []);
}

/** The other pipeline that this slot is noted as being of; null: none is. */
export function otherOwner(
  notes: readonly SlotNote[],
  { pipeline, slot }: { readonly pipeline: string; readonly slot: string },
): string | null {
  const noted = notes.filter((note) => note.slot === slot);
  return noted.some((note) => note.pipeline === pipeline) ? null : (noted[0]?.pipeline ?? null);
}

/**
 * A slot hands out each change once. A log that began at another pipeline's would be told of what is new from then on, and the
 * other pipeline's log would lack it (Invariant 9: it would be BLOCKED with slot-ahead, for ever).
 */
export function refuseOthersSlot(slot: string, other: string): never {
  throw new InvalidConfig(
    `source.slot: the replication slot ${slot} is the pipeline ${other}'s, and hands out each change once. Set source.slot and ` +
      `source.publication to names of their own; or, if ${other} is gone for good, run: select pg_drop_replication_slot('${slot}');`,
  );
}

/**
 * Notes that the slot is this pipeline's, before there is one. A comment that is not ours stays, and the publication of another
 * owner as it is.
 */
export async function noteSlot(
  client: Client,
  { publication, begun, ...note }: SlotNote & { readonly begun: boolean },
): Promise<void> {
  const { rows } = await client.query<{ comment: string | null; owned: string }>(
    `select obj_description(oid, 'pg_publication') as comment, pg_has_role(pubowner, 'usage') as owned
       from pg_publication where pubname = $1`,
    [publication],
  );
  const { comment = null, owned } = rows[0] ?? {};
  const noted = parseSlotNote(publication, comment);
  const free = comment === null || (noted?.slot === note.slot && !begun);
  if (owned !== 't' || !free || comment === slotNote(note)) return;
  await client.query(`comment on publication ${quoteName(publication)} is ${client.escapeLiteral(slotNote(note))}`);
}
