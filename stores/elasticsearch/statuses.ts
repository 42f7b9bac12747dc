import type { BulkItem } from './answers';

type Item = Readonly<Record<string, BulkItem>>;

const opening = '{"items":[';
const closing = ']}';
const comma = ','.charCodeAt(0);
/** What went well, as the server writes it where nothing but statuses was asked for. */
const known: readonly { readonly text: string; readonly item: Item }[] = [
  '{"index":{"status":201}}',
  '{"index":{"status":200}}',
  '{"delete":{"status":200}}',
].map((text) => ({ text, item: Object.freeze(JSON.parse(text) as Item) }));

/**
 * What `JSON.parse` makes of the answer to a bulk of which every item went well; null for any other text. All of it is looked
 * at, and no object is made of an item: there are as many as documents.
 */
export function readStatuses(text: string): { readonly items: readonly Item[] } | null {
  if (!text.startsWith(opening)) return null;
  const items: Item[] = [];
  for (let at = opening.length; ; at += 1) {
    const found = known.find((each) => text.startsWith(each.text, at));
    if (!found) return null;
    items.push(found.item);
    at += found.text.length;
    if (text.charCodeAt(at) === comma) continue;
    return at + closing.length === text.length && text.endsWith(closing) ? { items } : null;
  }
}
