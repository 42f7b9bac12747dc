import type { Column } from '../model/schema';

/** A captured table, as far as a change of it matters to the log. */
export interface TableState {
  readonly relationId: number;
  /** Those that are published. */
  readonly columns: readonly Pick<Column, 'name' | 'type' | 'baseType'>[];
  readonly key: readonly string[];
  /** `attnum` by column; null when nobody noted it down. */
  readonly numbers: Readonly<Record<string, number>> | null;
  /** Columns that rows written before them may hold a value in: defaults, NOT NULL, identity, generated. */
  readonly filled: readonly string[];
  /** Partitions that hold rows, relation id → name; null when nobody noted them down. */
  readonly partitions: Readonly<Record<string, string>> | null;
  /** Of the partitions, those that hold a row now; none that were there before. */
  readonly attachedRows: readonly string[];
  /** Of those that were there before: detached and attached again. */
  readonly returned: readonly string[];
  /** Of those that were there before: truncated, or written anew with the rows they had. */
  readonly rewritten: readonly string[];
}

export const noPartitionMoved = { attachedRows: [], returned: [], rewritten: [] } as const;

/** What a copy makes right: rows that came or changed, keys whose rows are gone, or both. */
export type CopyExtent = 'rows' | 'keys' | 'both';

export interface CopyAgain {
  readonly why: string;
  readonly extent: CopyExtent;
}

/**
 * What the log makes of it. `goes-on`: records name another version from here on, and nothing else. `copy`: rows are other
 * than the log says and no change tells how, so the table is copied again beside the stream. `blocked`: what the log holds
 * and what is to come do not belong together.
 */
export type TableVerdict =
  | { readonly kind: 'same' | 'goes-on' }
  | { readonly kind: 'blocked'; readonly why: string }
  | ({ readonly kind: 'copy' } & CopyAgain);

/** Pure: from the table as the log knows it to the table as it is now. docs/schema-changes.md has it in words. */
export function judgeTableChange(before: TableState, now: TableState): TableVerdict {
  if (before.relationId !== now.relationId) return blocked('it was dropped and created again');
  const key = keyDifference(before, now);
  if (key !== null) return blocked(key);
  const rows = reasonToCopy(before, now);
  const keys = reasonToSweep(before, now);
  if (rows !== null || keys !== null) {
    const why = [keys, rows].filter((reason) => reason !== null).join('; ');
    return { kind: 'copy', why, extent: keys === null ? 'rows' : rows === null ? 'keys' : 'both' };
  }
  return { kind: sameColumns(before, now) ? 'same' : 'goes-on' };
}

function blocked(why: string): TableVerdict {
  return { kind: 'blocked', why };
}

/** The key's columns and their text make the record's key: another one would be another row, in another partition. */
function keyDifference(before: TableState, now: TableState): string | null {
  if (before.key.join('\0') !== now.key.join('\0')) {
    return `its key was (${before.key.join(', ')}) and is (${now.key.join(', ')})`;
  }
  for (const name of now.key) {
    const [was, is] = [columnOf(before, name), columnOf(now, name)];
    if (was && is && !readsTheSame(was, is)) return `column ${name} of its key was ${was.type} and is ${is.type}`;
  }
  return null;
}

/** Rows that went without a change in the stream: the log knows their keys, and the source what became of each. */
function reasonToSweep(before: TableState, now: TableState): string | null {
  const gone = missingFrom(before.partitions, now.partitions);
  if (gone.length > 0) return `partition ${gone.join(', ')} was detached or dropped`;
  if (now.returned.length > 0) return `partition ${now.returned.join(', ')} was detached for a while`;
  return now.rewritten.length > 0 ? `partition ${now.rewritten.join(', ')} was truncated or rewritten` : null;
}

/** Rows that changed, or came, without a change in the stream. */
function reasonToCopy(before: TableState, now: TableState): string | null {
  if (now.attachedRows.length > 0) return `partition ${now.attachedRows.join(', ')} was attached with rows in it`;
  if (now.returned.length > 0) return `partition ${now.returned.join(', ')} was attached again`;
  const added = now.columns.filter(({ name }) => !columnOf(before, name)).map(({ name }) => name);
  const removed = before.columns.filter(({ name }) => !columnOf(now, name)).map(({ name }) => name);
  // A column under another name keeps its values, and looks like one that went and one that came.
  if (added.length > 0 && removed.length > 0) return `column ${removed.join(', ')} gave way to ${added.join(', ')}`;
  const filled = added.filter((name) => now.filled.includes(name));
  if (filled.length > 0) return `column ${filled.join(', ')} came with a value in every row`;
  const retyped = now.columns.filter((column) => {
    const was = columnOf(before, column.name);
    return was && !readsTheSame(was, column);
  });
  if (retyped.length > 0) return `column ${retyped.map(({ name }) => name).join(', ')} has another type`;
  const replaced = now.columns.filter(({ name }) => columnOf(before, name) && isAnother(before, now, name));
  return replaced.length > 0
    ? `column ${replaced.map(({ name }) => name).join(', ')} was dropped and added again`
    : null;
}

function isAnother(before: TableState, now: TableState, name: string): boolean {
  if (before.numbers === null || now.numbers === null) return false;
  return before.numbers[name] !== now.numbers[name];
}

const texts: ReadonlySet<string> = new Set(['text', 'varchar']);

/** Neither the server nor we write a value in another way because of this difference. */
function readsTheSame(was: TableState['columns'][number], is: TableState['columns'][number]): boolean {
  return was.type === is.type || (texts.has(was.baseType) && texts.has(is.baseType));
}

function columnOf({ columns }: TableState, name: string) {
  return columns.find((column) => column.name === name);
}

function sameColumns(before: TableState, now: TableState): boolean {
  const text = ({ columns }: TableState) => JSON.stringify(columns.map(({ name, type }) => [name, type]));
  return text(before) === text(now);
}

function missingFrom(before: TableState['partitions'], now: TableState['partitions']): string[] {
  if (before === null || now === null) return [];
  return Object.entries(before)
    .filter(([relation]) => !(relation in now))
    .map(([, name]) => name);
}
