import { left, right, wrap } from '../text';

/** A parked record as this command shows it: what `worker/deps` reads, with the record as text. */
export interface ParkedLine {
  readonly generation: number;
  readonly key: string;
  readonly table: string;
  /** As messages name it; null: nobody can read it. */
  readonly row: string | null;
  readonly partition: number;
  readonly offset: string;
  readonly reason: string;
  readonly message: string;
  readonly parkedAt: number;
  readonly attempts: number;
  readonly record: { readonly text: string } | { readonly base64: string };
}

const width = 100;

/** A line for each row, with what is wrong with it. Pure. */
export function renderList(lines: readonly ParkedLine[]): string[] {
  if (lines.length === 0) return ['Nothing is parked.'];
  return byKey(lines).flatMap(([head, count]) => [
    `${left(head.key, 12)} g${left(String(head.generation), 3)} ${left(head.table, 30)} ${left(head.row ?? '(no key)', 24)} ${right(`${count} rec`, 9)}`,
    ...wrap(
      `${head.reason}, ${head.attempts} tries, since ${new Date(head.parkedAt).toISOString()}. ${head.message}`,
      width - 4,
    ).map((line) => `    ${line}`),
  ]);
}

/** The records of one row, in the order of the log, each whole. Pure. */
export function renderShow(lines: readonly ParkedLine[]): string[] {
  return lines.flatMap(({ generation, table, partition, offset, reason, message, record }) => [
    `g${generation} ${table}, partition ${partition}, offset ${offset}: ${reason}`,
    ...wrap(message, width - 4).map((line) => `    ${line}`),
    'text' in record ? record.text : `base64:${record.base64}`,
  ]);
}

/** Each row once: the first of its records that is more than in the queue, and how many there are. */
function byKey(lines: readonly ParkedLine[]): (readonly [ParkedLine, number])[] {
  const rows = new Map<string, ParkedLine[]>();
  for (const line of lines) {
    const name = `${line.generation} ${line.key}`;
    rows.set(name, [...(rows.get(name) ?? []), line]);
  }
  return [...rows.values()].flatMap((all) => {
    const head = all.find(({ reason }) => reason !== 'waits') ?? all[0];
    return head ? [[head, all.length] as const] : [];
  });
}
