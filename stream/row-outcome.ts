import type { Outcome, Row } from '../model/change';
import { RowShape, standsAt, type RowText } from '../model/row-text';
import { beforeRows, betweenRows } from './envelope';
import type { FetchedRecord } from './log';

const openings = (['create', 'update', 'read'] as const).map((operation) => Buffer.from(beforeRows(operation)));
const noRow = Buffer.from('null');
const between = Buffer.from(betweenRows);
const endAndBetween = Buffer.from(`}${betweenRows}`);
const closing = Buffer.from('}}');

/** What makes a row of text longer to walk over than to parse. */
const largestRecord = 32 << 10;

/** What the records of one topic have in common, as far as is known. */
interface Known {
  readonly shape: RowShape;
  readonly table: string;
  readonly schemaId: string | null;
  /** The constant part behind the row after: `,"source":{…,"snapshot":`. */
  readonly behind: Buffer;
}

/**
 * Finds the row after in the bytes of a record and leaves it there. Each record is taken to be of the version of the table
 * that the one before was of; whatever is not is for the caller to read in another way, and to `learn` from.
 */
export class RowOutcomes {
  private known: Known | null = null;

  /** Null: not as the one before. `keyOf` is asked when all else is as it should be. */
  read({ value }: FetchedRecord, keyOf: () => Row | null | undefined): Outcome | null {
    const { known } = this;
    if (!known || !value || value.length > largestRecord) return null;
    const opening = openings.find((each) => standsAt(value, 0, each));
    if (!opening) return null;
    const from = rowAfter(value, opening.length);
    if (from < 0) return null;
    const end = known.shape.walk(value, from);
    if (end < 0 || !standsAt(value, end, known.behind)) return null;
    if (!standsAt(value, value.length - closing.length, closing)) return null;
    const key = keyOf();
    return key ? new RowOutcome(known, key, value, from, end) : null;
  }

  /** `source`: its constant members, as their text stands on the log. */
  learn({ table, schemaId, after }: Outcome, source: string): void {
    if (after === null) return;
    const names = Object.keys(after);
    const same = this.known !== null && isSame(names, this.known.shape.names);
    const shape = same ? (this.known?.shape ?? null) : RowShape.of(names);
    this.known = shape && { shape, table, schemaId, behind: Buffer.from(source) };
  }
}

/**
 * Where the row after begins, of a record whose row before begins here; -1: not as expected. Rows are flat and a quotation
 * mark inside a text is escaped, so a brace with a bare mark behind it stands nowhere but at a row's end.
 */
function rowAfter(bytes: Buffer, at: number): number {
  if (standsAt(bytes, at, noRow)) {
    const behind = at + noRow.length;
    return standsAt(bytes, behind, between) ? behind + between.length : -1;
  }
  const end = bytes.indexOf(endAndBetween, at);
  return end < 0 ? -1 : end + endAndBetween.length;
}

function isSame(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((name, at) => name === right[at]);
}

/** Its values are made when somebody wants them after all. */
class RowOutcome implements Outcome, RowText {
  private row: Row | null = null;

  constructor(
    private readonly known: Known,
    readonly key: Row,
    readonly bytes: Buffer,
    readonly from: number,
    readonly end: number,
  ) {}

  get table(): string {
    return this.known.table;
  }

  get schemaId(): string | null {
    return this.known.schemaId;
  }

  get shape(): RowShape {
    return this.known.shape;
  }

  get afterRow(): RowText {
    return this;
  }

  get text(): string {
    return this.bytes.toString('utf8', this.from, this.end);
  }

  get after(): Row {
    return (this.row ??= JSON.parse(this.text) as Row);
  }
}
