import { parsePipeline } from '../../../model/pipeline';

/** `tables` tables of `partitions` partitions each, followed by one store. */
export function pipelineOf(tables: number, partitions: number) {
  const names = Array.from({ length: tables }, (_, index) => `public.table_number_${index}`);
  return parsePipeline({
    name: 'warehouse',
    source: { url: { env: 'SOURCE_URL' }, tables: names },
    log: { partitions },
    stores: {
      search: {
        type: 'elasticsearch',
        url: { env: 'SEARCH_URL' },
        index: 'warehouse',
        tables: Object.fromEntries(names.map((name) => [name, {}])),
      },
    },
  });
}

export const pipeline = parsePipeline({
  name: 'shop',
  source: { url: { env: 'SOURCE_URL' }, tables: ['public.products'] },
  stores: {
    search: { type: 'elasticsearch', url: { env: 'SEARCH_URL' }, index: 'shop', tables: { 'public.products': {} } },
  },
});
