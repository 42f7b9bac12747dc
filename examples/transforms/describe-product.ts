import type { Transform } from '../../worker/worker';

/**
 * A product as people search for it. Pure: it looks at the row and nothing else, since the index is built from the log more
 * than once, and each build has to end alike. Who changes what it returns changes `version`, and rebuilds the index.
 */
export const describeProduct: Transform = {
  version: '1',
  map({ name, category, price, active }) {
    // Not in the index at all: as if a filter said so.
    if (active !== true) return null;
    const words = `${String(name)} ${String(category ?? '')}`.toLowerCase().split(/[^\p{L}\p{N}]+/u);
    return {
      summary: category === null ? name : `${String(name)} (${String(category)})`,
      words: [...new Set(words)].filter((word) => word !== ''),
      // A numeric travels as text: here the nearest double will do.
      cheap: Number(price) < 20,
    };
  },
};
