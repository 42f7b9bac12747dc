import { formatTableName, type Outcome, type Row, type TableName } from '../model/change';
import { decodeChange } from './envelope';
import type { FetchedRecord } from './log';

/**
 * A record as a store needs it: `decodeChange` without the row before, the transaction and the position. Those are passed
 * over and not parsed, which saves half of a lane's decoding (docs/performance.md). Only the very text that `encodeChange`
 * writes is read this way; whatever looks different goes to `decodeChange`, to be read, or refused, as a whole.
 */
export function decodeOutcome(record: FetchedRecord): Outcome | null {
  return record.value === null ? null : (read(record) ?? decodeChange(record));
}

const opening = '{"op":"';
const beforeMark = '","before":';
const afterMark = ',"after":';
const sourceMark = ',"source":{';
const snapshotMark = ',"snapshot":';
const closing = '}}';

const operationAt = opening.length;
const beforeAt = operationAt + 1 + beforeMark.length;

/** Null: not as expected. */
function read({ key: keyBytes, value }: FetchedRecord): Outcome | null {
  const text = value?.toString('utf8') ?? '';
  if (!text.startsWith(opening) || !text.startsWith(beforeMark, operationAt + 1) || !text.endsWith(closing))
    return null;
  const beforeEnd = endOfRow(text, beforeAt, afterMark);
  if (beforeEnd === null) return null;
  const afterAt = beforeEnd + afterMark.length;
  const afterEnd = endOfRow(text, afterAt, sourceMark);
  if (afterEnd === null) return null;
  const sourceAt = afterEnd + sourceMark.length;
  const sourceEnd = text.indexOf(snapshotMark, sourceAt);
  if (sourceEnd < 0) return null;

  const after = parseRow(text.slice(afterAt, afterEnd));
  const key = keyBytes && parseRow(keyBytes.toString('utf8'));
  const source = sourceOf(text.slice(sourceAt, sourceEnd));
  const deleted = text[operationAt] === 'd';
  const known = deleted
    ? after === null && beforeEnd > beforeAt + 4
    : 'cur'.includes(text[operationAt] ?? '?') && after;
  return known && key && source !== null ? { ...source, key, after: deleted ? null : (after ?? null) } : null;
}

/**
 * Behind the row, or the null, that begins at `from` and is followed by `mark`. Rows are flat and a quotation mark inside
 * a text is escaped, so a brace with a bare mark behind it stands nowhere but at a row's end.
 */
function endOfRow(text: string, from: number, mark: string): number | null {
  if (text.startsWith(`null${mark}`, from)) return from + 4;
  const end = text[from] === '{' ? text.indexOf(`}${mark}`, from) : -1;
  return end < 0 ? null : end + 1;
}

/** Undefined for what is neither an object nor null. */
function parseRow(text: string): Row | null | undefined {
  try {
    const row = JSON.parse(text) as unknown;
    return typeof row === 'object' && !Array.isArray(row) ? (row as Row | null) : undefined;
  } catch {
    return undefined;
  }
}

type Source = Pick<Outcome, 'table' | 'schemaId'>;

let last: { readonly text: string; readonly source: Source | null } = { text: '', source: null };

/** What a source's constant members name: table and version. Records come in runs of one table. */
function sourceOf(text: string): Source | null {
  if (text === last.text) return last.source;
  const members = parseRow(`{${text}}`) as Partial<TableName & { schemaId: string }> | null | undefined;
  const { schema, table, schemaId = null } = members ?? {};
  const complete = schema !== undefined && table !== undefined;
  last = { text, source: complete ? { table: formatTableName({ schema, table }), schemaId } : null };
  return last.source;
}
