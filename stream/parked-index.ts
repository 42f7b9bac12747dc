import { compareDecimal } from '../model/position';
import { parkedId, type ParkedEntry, type ParkedPlace } from './parked-format';

/** What one generation has parked: a fold of the topic, without the records themselves. */
export class ParkedIndex {
  /** The first offset of the topic that is not folded in. */
  passed = 0;
  private readonly entries = new Map<string, ParkedEntry>();
  /** Row → how many of its records are here: asked for every record that comes. */
  private readonly rows = new Map<string, number>();

  get records(): number {
    return this.entries.size;
  }

  get rowCount(): number {
    return this.rows.size;
  }

  holdsRow(row: string): boolean {
    return this.rows.has(row);
  }

  find(place: ParkedPlace): ParkedEntry | undefined {
    return this.entries.get(parkedId(place));
  }

  put(entry: ParkedEntry): void {
    const id = parkedId(entry);
    if (!this.entries.has(id)) this.rows.set(entry.row, (this.rows.get(entry.row) ?? 0) + 1);
    this.entries.set(id, entry);
  }

  remove(id: string): void {
    const entry = this.entries.get(id);
    if (!entry) return;
    this.entries.delete(id);
    const left = (this.rows.get(entry.row) ?? 1) - 1;
    if (left === 0) this.rows.delete(entry.row);
    else this.rows.set(entry.row, left);
  }

  /** Key id → the records of its row in the order of the log; rows in the order in which they were parked. */
  byKey(): ReadonlyMap<string, readonly ParkedEntry[]> {
    const keys = new Map<string, ParkedEntry[]>();
    for (const entry of this.entries.values()) {
      const ofKey = keys.get(entry.keyId);
      if (ofKey) ofKey.push(entry);
      else keys.set(entry.keyId, [entry]);
    }
    // A row stays in one partition, so its offsets are its order.
    for (const ofKey of keys.values()) ofKey.sort((left, right) => compareDecimal(left.offset, right.offset));
    return keys;
  }
}
