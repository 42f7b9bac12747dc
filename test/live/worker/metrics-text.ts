export type Series = ReadonlyMap<string, number>;

/** `name{labels}` → value, with the labels in the order they were written. */
export function parseMetrics(text: string): Series {
  const series = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const end = line.lastIndexOf(' ');
    series.set(line.slice(0, end), Number(line.slice(end + 1)));
  }
  return series;
}

/** The values of all series of this name whose labels hold all of these. */
export function valuesOf(series: Series, name: string, labels: Readonly<Record<string, string>>): number[] {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return [...series]
    .filter(([key]) => key.split('{', 1)[0] === name && wanted.every((label) => key.includes(label)))
    .map(([, value]) => value);
}

/** Their sum; 0 when there is none. */
export function sumOf(series: Series, name: string, labels: Readonly<Record<string, string>>): number {
  return valuesOf(series, name, labels).reduce((sum, value) => sum + value, 0);
}
