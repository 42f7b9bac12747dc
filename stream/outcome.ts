import { formatTableName, type Outcome, type Row, type TableName } from '../model/change';
import { decodeChange } from './envelope';
import { FlatRows } from './flat-rows';
import type { FetchedRecord } from './log';
import { RowOutcomes } from './row-outcome';

/**
 * Reads records as a store needs them: `decodeChange` without the row before, the transaction and the position. Those are
 * passed over and not parsed, which saves half of a lane's decoding (docs/performance.md). Only the very text that
 * `encodeChange` writes is read this way; whatever looks different goes to `decodeChange`, to be read, or refused, as a whole.
 * One for each reader of a log, since it remembers by topic what rows are like.
 *
 * `asRows`: whoever asks takes rows as they travel, so where one may be taken so its values are made when somebody wants them after all.
 */
export function createOutcomeDecoder({ asRows = false } = {}): (record: FetchedRecord) => Outcome | null {
  const topics = new Map<string, Likeness>();
  return (record) => {
    if (record.value === null) return null;
    let likeness = topics.get(record.topic);
    if (!likeness) {
      likeness = { rows: new FlatRows(), keys: new FlatRows(), whole: asRows ? new RowOutcomes() : null };
      topics.set(record.topic, likeness);
    }
    const { keys, whole } = likeness;
    return whole?.read(record, () => keyOf(record, keys)) ?? read(record, likeness) ?? decodeChange(record);
  };
}

/** What rows and keys of a topic are like. */
interface Likeness {
  readonly rows: FlatRows;
  readonly keys: FlatRows;
  /** null: values are wanted. */
  readonly whole: RowOutcomes | null;
}

const opening = '{"op":"';
const beforeMark = '","before":';
const afterMark = ',"after":';
const sourceMark = ',"source":{';
const snapshotMark = ',"snapshot":';
const closing = '}}';

/** A value that is cut out of a text keeps all of it in memory, the row before included: not of large ones. */
const cutCharacters = 32 << 10;

const operationAt = opening.length;
const beforeAt = operationAt + 1 + beforeMark.length;

/** Null: not as expected. */
function read(record: FetchedRecord, { rows, keys, whole }: Likeness): Outcome | null {
  const { value } = record;
  const text = value?.toString('utf8') ?? '';
  if (!text.startsWith(opening) || !text.startsWith(beforeMark, operationAt + 1) || !text.endsWith(closing))
    return null;
  const beforeEnd = endOfRow(text, beforeAt, afterMark);
  if (beforeEnd === null) return null;
  const afterAt = beforeEnd + afterMark.length;
  const afterEnd = endOfRow(text, afterAt, sourceMark);
  if (afterEnd === null) return null;
  const afterText = ownText(value, text, { from: afterAt, end: afterEnd });
  const after = text.length <= cutCharacters ? rowOf(afterText, rows) : parseRow(afterText);
  const sourceAt = afterEnd + sourceMark.length;
  const sourceEnd = text.indexOf(snapshotMark, sourceAt);
  if (sourceEnd < 0) return null;

  const key = keyOf(record, keys);
  const source = sourceOf(text.slice(sourceAt, sourceEnd));
  const operation = text.charAt(operationAt);
  const deleted = operation === 'd';
  const known = deleted
    ? after === null && beforeEnd > beforeAt + 4
    : (operation === 'c' || operation === 'u' || operation === 'r') && after;
  if (!known || !key || source === null) return null;
  const { table, schemaId } = source;
  const outcome = { table, schemaId, key, after: deleted ? null : (after ?? null) };
  whole?.learn(outcome, text.slice(afterEnd, sourceEnd + snapshotMark.length));
  return outcome;
}

/** Undefined for what is neither an object nor null. */
function rowOf(text: string, rows: FlatRows): Row | null | undefined {
  const found = rows.read(text, 0);
  if (found && rows.end === text.length) return found;
  const row = parseRow(text);
  if (row) rows.learn(row);
  return row;
}

/** Values are cut out of it and stay as long as a batch: a text of its own does not keep all of the record's with it. */
function ownText(bytes: Buffer | null, text: string, { from, end }: { from: number; end: number }): string {
  // As many characters as bytes: all of it is ASCII, so they stand at the same places.
  return bytes?.length === text.length ? bytes.toString('latin1', from, end) : text.slice(from, end);
}

function keyOf({ key: bytes }: FetchedRecord, keys: FlatRows): Row | null | undefined {
  if (!bytes) return null;
  const text = bytes.toString('utf8');
  const key = keys.read(text, 0);
  if (key && keys.end === text.length) return key;
  const parsed = parseRow(text);
  if (parsed) keys.learn(parsed);
  return parsed;
}

/**
 * Behind the row, or the null, that begins at `from` and is followed by `mark`. Rows are flat and a quotation mark inside
 * a text is escaped, so a brace with a bare mark behind it stands nowhere but at a row's end.
 */
function endOfRow(text: string, from: number, mark: string): number | null {
  if (text.startsWith('null', from) && text.startsWith(mark, from + 4)) return from + 4;
  const end = text.charAt(from) === '{' ? text.indexOf(`}${mark}`, from) : -1;
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
