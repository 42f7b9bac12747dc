/** Longer elements are copied by the machine's own means, which for shorter ones are the longer way. */
const shortBytes = 48;
const firstBytes = 16 << 10;
const comma = 44;

/** One column of a statement's rows on its way to being an array literal: elements as texts, or as bytes of it. */
export class ColumnText {
  /** Elements joined by commas, and among them those that came as bytes since the last one that came as a text. */
  private readonly parts: string[] = [];
  private bytes = Buffer.allocUnsafe(0);
  private filled = 0;

  constructor(readonly name: string) {}

  add(element: string): void {
    this.flush();
    this.parts.push(element);
  }

  /** UTF-8, from a place up to another. */
  addBytes(source: Uint8Array, from: number, end: number): void {
    const length = end - from;
    this.reserve(length + 1);
    const { bytes } = this;
    let at = this.filled;
    if (length > shortBytes) {
      bytes.set(source.subarray(from, end), at);
      at += length;
    } else {
      for (let index = from; index < end; index += 1) bytes[at++] = source[index] as number;
    }
    bytes[at] = comma;
    this.filled = at + 1;
  }

  literal(): string {
    this.flush();
    return `{${this.parts.join(',')}}`;
  }

  private flush(): void {
    if (this.filled === 0) return;
    this.parts.push(this.bytes.toString('utf8', 0, this.filled - 1));
    this.filled = 0;
  }

  private reserve(length: number): void {
    if (this.filled + length <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(firstBytes, 2 * this.bytes.length, this.filled + length));
    this.bytes.copy(larger, 0, 0, this.filled);
    this.bytes = larger;
  }
}
