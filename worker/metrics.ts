import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { metricDefinitions, type MetricDefinition, type MetricName } from './metric-definitions';

export type Labels = Readonly<Record<string, string>>;

/** One series of a gauge, as it is now. */
export interface Sample {
  readonly name: MetricName;
  readonly labels: Labels;
  readonly value: number;
}

export interface Metrics {
  add(name: MetricName, labels: Labels, amount?: number): void;
  /** Histograms; seconds. */
  observe(name: MetricName, labels: Labels, seconds: number): void;
  /** Asked at every scrape, until the result is called. What it does not answer does not exist: no stale series. */
  collectFrom(source: () => readonly Sample[] | Promise<readonly Sample[]>): () => void;
  /** Prometheus' text format, version 0.0.4. */
  text(): Promise<string>;
}

/** Our metrics, and the process's own (`process_…`, `nodejs_…`), in a registry that is nobody else's. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const sources = new Set<Parameters<Metrics['collectFrom']>[0]>();
  const instruments = new Map<string, Counter | Gauge | Histogram>();
  for (const [name, definition] of Object.entries<MetricDefinition>(metricDefinitions)) {
    instruments.set(name, createInstrument(name, definition, registry));
  }
  collectDefaultMetrics({ register: registry });

  const found = <Kind>(name: MetricName, kind: new (...parameters: never[]) => Kind): Kind => {
    const instrument = instruments.get(name);
    if (instrument instanceof kind) return instrument;
    throw new TypeError(`${name} is no ${kind.name}: see worker/metric-definitions.ts.`);
  };

  return {
    add: (name, labels, amount = 1) => found(name, Counter).inc({ ...labels }, amount),
    observe: (name, labels, seconds) => found(name, Histogram).observe({ ...labels }, seconds),
    collectFrom(source) {
      sources.add(source);
      return () => sources.delete(source);
    },
    async text() {
      const samples = (await Promise.all([...sources].map(async (source) => source()))).flat();
      // From here to the text nothing is awaited that could let another scrape reset what this one has set.
      for (const instrument of instruments.values()) if (instrument instanceof Gauge) instrument.reset();
      for (const { name, labels, value } of samples) found(name, Gauge).set({ ...labels }, value);
      return registry.metrics();
    },
  };
}

function createInstrument(name: string, definition: MetricDefinition, registry: Registry) {
  const common = { name, help: definition.help, labelNames: [...definition.labels], registers: [registry] };
  switch (definition.type) {
    case 'counter':
      return new Counter(common);
    case 'gauge':
      return new Gauge(common);
    case 'histogram':
      return new Histogram({ ...common, ...(definition.buckets ? { buckets: [...definition.buckets] } : {}) });
  }
}
