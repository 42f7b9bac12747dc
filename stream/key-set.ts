import { partitionOf } from './partition';

/** What is held at once (Invariant 10): beyond either, the pass is narrowed and the rest is left to another one. */
export interface KeyLimits {
  readonly keys: number;
  readonly bytes: number;
}

export const defaultKeyLimits: KeyLimits = { keys: 200_000, bytes: 32 << 20 };

/** The keys whose hash leaves `remainder` when divided by `modulus`. */
export interface Bucket {
  readonly modulus: number;
  readonly remainder: number;
}

const hashes = 2 ** 31;

/** Folds records into the set of live keys of a bucket that becomes narrower when they are too many. Pure. */
export class KeySet {
  readonly keys = new Set<string>();
  /** What was given up on the way. */
  readonly left: Bucket[] = [];
  private bytes = 0;

  constructor(
    private bucket: Bucket,
    private readonly limits: KeyLimits,
  ) {}

  add({ key, value }: { readonly key: Buffer | null; readonly value: Buffer | null }): void {
    if (key === null || !isIn(this.bucket, key)) return;
    const text = key.toString('utf8');
    if (value === null) {
      if (this.keys.delete(text)) this.bytes -= key.length;
    } else if (!this.keys.has(text)) {
      this.keys.add(text);
      this.bytes += key.length;
      while (this.isFull()) this.narrow();
    }
  }

  /** A single key is never too many, and equal hashes are not told apart by narrowing. */
  private isFull(): boolean {
    const { keys, bytes } = this.limits;
    return (this.keys.size > keys || this.bytes > bytes) && this.keys.size > 1 && this.bucket.modulus < hashes;
  }

  private narrow(): void {
    const { modulus, remainder } = this.bucket;
    this.bucket = { modulus: modulus * 2, remainder };
    this.left.push({ modulus: modulus * 2, remainder: remainder + modulus });
    for (const text of this.keys) {
      const key = Buffer.from(text);
      if (isIn(this.bucket, key)) continue;
      this.keys.delete(text);
      this.bytes -= key.length;
    }
  }
}

function isIn({ modulus, remainder }: Bucket, key: Buffer): boolean {
  return modulus === 1 || partitionOf(key, hashes) % modulus === remainder;
}
