/** One of many that is refused, and for what. */
export interface Found<Item, Why> {
  readonly item: Item;
  readonly why: Why;
}

/**
 * Which of `items` are refused, found by halving. `ask` says why a part of them is refused as a whole, or null; `items`
 * themselves are known to be. For k of n it asks about 2·k·log2(n/k) times, and it ends once `limit` are found. Every one
 * that is named has been asked for alone: parts can pass where the whole does not, and then there is nobody to name.
 */
export async function bisect<Item, Why>(
  items: readonly Item[],
  ask: (part: readonly Item[]) => Promise<Why | null>,
  limit: number,
): Promise<readonly Found<Item, Why>[]> {
  const found: Found<Item, Why>[] = [];
  // Of what is on the stack each part is refused, or was left when its other half was not. The first is on top.
  const suspects: (readonly Item[])[] = [items];
  while (found.length < limit) {
    const part = suspects.pop();
    if (part === undefined) break;
    const [item] = part;
    if (item === undefined) continue;
    if (part.length === 1) {
      const why = await ask(part);
      if (why !== null) found.push({ item, why });
      continue;
    }
    const half = Math.ceil(part.length / 2);
    const [left, right] = [part.slice(0, half), part.slice(half)];
    // A single one is asked for when its turn comes; asking here too would be once more.
    const leftRefused = left.length === 1 || (await ask(left)) !== null;
    const rightRefused = right.length === 1 || !leftRefused || (await ask(right)) !== null;
    if (rightRefused) suspects.push(right);
    if (leftRefused) suspects.push(left);
  }
  return found;
}
