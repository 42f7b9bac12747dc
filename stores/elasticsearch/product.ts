/** Who answers, and the majors of each that the adapter's tests have run on. */
export const products = {
  elasticsearch: { title: 'Elasticsearch', majors: ['8', '9'] },
  opensearch: { title: 'OpenSearch', majors: ['2', '3'] },
} as const;

export type Product = keyof typeof products;

/** What a server says of itself at `/`; null where it says nothing, as Elasticsearch does. */
export function distributionOf(who: unknown): string | null {
  const version = (who as { readonly version?: { readonly distribution?: unknown } } | null)?.version;
  return typeof version?.distribution === 'string' ? version.distribution : null;
}

export function productOf(who: unknown): Product {
  return distributionOf(who) === 'opensearch' ? 'opensearch' : 'elasticsearch';
}
