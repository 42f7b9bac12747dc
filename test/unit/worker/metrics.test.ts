import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { metricDefinitions, type MetricDefinition, type MetricName } from '../../../worker/metric-definitions';
import { createMetrics, type Sample } from '../../../worker/metrics';
import { projectFolder } from '../../support/project';

const definitions = Object.entries<MetricDefinition>(metricDefinitions);

it.each(definitions)('%s follows the conventions of Prometheus', (name, { type, labels, help }) => {
  expect(name).toMatch(/^slipstream_[a-z]+(_[a-z]+)*$/);
  // Counters end in _total and nothing else does; units are base units, and the last word before that.
  expect(name.endsWith('_total')).toBe(type === 'counter');
  expect(name).not.toMatch(/_(ms|milliseconds|minutes|kb|mb|kilobytes|megabytes|count|sum|bucket)(_total)?$/);
  if (type === 'histogram') expect(name).toMatch(/_seconds$/);
  for (const label of labels) expect(label).toMatch(/^[a-z]+$/);
  expect(new Set(labels).size).toBe(labels.length);
  expect(help).not.toBe('');
});

it('the registry knows each of them, with its type and help, and the process’s own beside them', async () => {
  const text = await createMetrics().text();
  for (const [name, { type, help }] of definitions) {
    expect(text).toContain(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`);
  }
  expect(text).toContain('process_resident_memory_bytes');
});

it('a gauge is what its sources say at this scrape, and nothing of the one before', async () => {
  const metrics = createMetrics();
  let samples: Sample[] = [{ name: 'slipstream_capture_lag_bytes', labels: { pipeline: 'a' }, value: 1 }];
  const forget = metrics.collectFrom(() => Promise.resolve(samples));
  expect(await metrics.text()).toContain('slipstream_capture_lag_bytes{pipeline="a"} 1\n');
  samples = [{ name: 'slipstream_capture_lag_bytes', labels: { pipeline: 'b' }, value: 2 }];
  const [text] = await Promise.all([metrics.text(), metrics.text()]);
  expect(text).toContain('slipstream_capture_lag_bytes{pipeline="b"} 2\n');
  expect(text).not.toContain('pipeline="a"');
  forget();
  expect(await metrics.text()).not.toContain('pipeline="b"');
});

it('a metric is used as what it is, with the labels it has', () => {
  const metrics = createMetrics();
  expect(() => metrics.add('slipstream_capture_lag_bytes', { pipeline: 'a' })).toThrow(/is no Counter/);
  expect(() => metrics.add('slipstream_capture_changes_total', { table: 'a' })).toThrow(/label/);
});

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string };
}

const alertsFile = readFileSync(join(projectFolder, 'examples', 'alerts.yml'), 'utf8');
const rules = (parse(alertsFile) as { groups: { name: string; rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);

it('the rules file has rules, each with a name of its own', () => {
  expect(rules.length).toBeGreaterThanOrEqual(5);
  expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
});

/** A metric, its labels in braces, or a `by (…)` list that names labels. */
function unknownIn(expression: string): string[] {
  const isKnown = (name: string) => name in metricDefinitions;
  const names = expression.match(/\bslipstream_\w+/g) ?? [];
  const selectors = [...expression.matchAll(/\b(slipstream_\w+)\{([^}]*)\}/g)].flatMap(
    ([, name = '', matchers = '']) => {
      const labels: readonly string[] = isKnown(name) ? metricDefinitions[name as MetricName].labels : [];
      return [...matchers.matchAll(/(\w+)\s*[=!]/g)]
        .map(([, label = '']) => label)
        .filter((label) => !labels.includes(label));
    },
  );
  const all = new Set(definitions.flatMap(([, { labels }]) => labels));
  const grouped = [...expression.matchAll(/\b(?:by|on)\s*\(([^)]*)\)/g)].flatMap(([, list = '']) =>
    list.split(',').map((label) => label.trim()),
  );
  return [...names.filter((name) => !isKnown(name)), ...selectors, ...grouped.filter((label) => !all.has(label))];
}

it.each(rules.map((rule) => [rule.alert, rule] as const))('%s uses metrics and labels that exist', (_, rule) => {
  expect(rule.expr).toMatch(/slipstream_/);
  expect(unknownIn(rule.expr)).toEqual([]);
  expect(['page', 'ticket']).toContain(rule.labels.severity);
  expect(rule.for ?? '5m').toMatch(/^\d+m$/);
  const shown = [...rule.annotations.summary.matchAll(/\$labels\.(\w+)/g)].map(([, label = '']) => label);
  const kept = rule.expr.match(/by \(([^)]*)\)/)?.[1]?.split(', ') ?? [];
  expect(shown.filter((label) => !kept.includes(label))).toEqual([]);
});

it('control: a wrong name, label or grouping would be found', () => {
  expect(unknownIn('sum by (shop) (slipstream_lag{store="x"})')).toEqual(['slipstream_lag', 'store', 'shop']);
  expect(unknownIn('slipstream_capture_lag_bytes{store="x"}')).toEqual(['store']);
});
