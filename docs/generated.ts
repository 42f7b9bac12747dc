import { findingCodes } from '../model/finding-codes';
import { describeSettings } from '../model/settings';
import { metricDefinitions } from '../worker/metric-definitions';
import { capabilitiesTable, guaranteesTable } from './guarantee-rows';
import { pipelineTable } from './pipeline-places';
import { pipelineSchemaFile } from './pipeline-schema';
import { markdownTable } from './table';
import { typesTable } from './type-rows';

/** A page of docs/ with the part of it that is made from code; the rest of the page is written by hand. */
export interface GeneratedPart {
  /** File name in docs/. */
  readonly page: string;
  /** Stands between `<!-- generated: NAME -->` and `<!-- end of NAME -->`. */
  readonly name: string;
  readonly text: () => string;
}

/** Everything `npm run docs` writes; a unit test fails while a page says something else. */
export const generatedParts: readonly GeneratedPart[] = [
  { page: 'settings.md', name: 'settings', text: settingsTable },
  { page: 'metrics.md', name: 'metrics', text: metricsTable },
  { page: 'pipeline.md', name: 'pipeline', text: pipelineTable },
  { page: 'doctor.md', name: 'findings', text: findingsTable },
  { page: 'types.md', name: 'types', text: typesTable },
  { page: 'guarantees.md', name: 'guarantees', text: guaranteesTable },
  { page: 'guarantees.md', name: 'capabilities', text: capabilitiesTable },
];

/** Files that are made from code as a whole: name in docs/ → what it holds. */
export const generatedFiles: Readonly<Record<string, () => string>> = {
  'pipeline.schema.json': pipelineSchemaFile,
};

function settingsTable(): string {
  return markdownTable(
    ['variable', 'default', 'allowed', 'meaning', 'read by'],
    describeSettings().map((setting) => [
      `\`${setting.name}\``,
      setting.default === null ? 'unset' : `\`${setting.default}\``,
      setting.allowed,
      setting.description,
      setting.readBy,
    ]),
  );
}

function metricsTable(): string {
  return markdownTable(
    ['name', 'type', 'labels', 'meaning'],
    Object.entries(metricDefinitions).map(([name, { type, labels, help }]) => [
      `\`${name}\``,
      type,
      labels.map((label) => `\`${label}\``).join(', '),
      help,
    ]),
  );
}

function findingsTable(): string {
  return markdownTable(
    ['code', 'severity', 'at a start', 'why it matters'],
    Object.entries(findingCodes).map(([code, { severity, atStart, why }]) => [`\`${code}\``, severity, atStart, why]),
  );
}

/** The page with this part renewed. Throws when the page has no place for it. */
export function withPart(page: string, { page: file, name, text }: GeneratedPart): string {
  const begin = `<!-- generated: ${name} -->`;
  const end = `<!-- end of ${name} -->`;
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from === -1 || to < from) throw new Error(`docs/${file} lacks the lines ${begin} and ${end}: put them back.`);
  return `${page.slice(0, from)}${begin}\n\n${text()}\n\n${page.slice(to)}`;
}
