import { InvalidConfig } from '../model/errors';
import { describeFinding } from '../model/finding';
import { judgeMapping } from '../model/judge-mapping';
import { parsePipeline, type Pipeline, type StoreDefinition } from '../model/pipeline';
import type { TableSchema } from '../model/schema';
import type { Activities } from './activities';
import type { Deps } from './deps';

type CheckActivities = Pick<Activities, 'checkPipeline' | 'checkDefinition'>;

/** Refuses what is wrong before anything is created. The source is asked for its tables: names and keys are checked there. */
export function checkActivities(deps: Deps): CheckActivities {
  return {
    async checkPipeline({ file }) {
      const pipeline = parsePipeline(file);
      resolveSecrets(deps, pipeline);
      const tables = await deps.readTables(deps.secret(pipeline.source.url), pipeline.source.tables);
      refuse(
        pipeline.name,
        Object.entries(pipeline.stores).flatMap(([store, definition]) => mappingProblems(store, definition, tables)),
      );
      return { pipeline };
    },
    async checkDefinition({ pipeline, store, definition }) {
      const current = pipeline.stores[store];
      if (!current) throw new InvalidConfig(`Pipeline ${pipeline.name} has no store '${store}'.`);
      // Parsed as part of its pipeline: a definition alone could name tables that nobody captures.
      const whole = parsePipeline({ ...pipeline, stores: { ...pipeline.stores, [store]: definition } });
      const parsed = whole.stores[store];
      if (!parsed) throw new InvalidConfig(`The new definition of '${store}' is empty.`);
      refuse(pipeline.name, placeProblems(store, current, parsed));
      const tables = await deps.readTables(deps.secret(pipeline.source.url), Object.keys(parsed.tables));
      refuse(pipeline.name, mappingProblems(store, parsed, tables));
      return { definition: parsed };
    },
  };
}

/** Every secret a pipeline names must be there; their values are not kept. */
function resolveSecrets(deps: Deps, pipeline: Pipeline): void {
  deps.secret(pipeline.source.url);
  for (const definition of Object.values(pipeline.stores)) deps.secret(definition.url);
}

function mappingProblems(store: string, definition: StoreDefinition, tables: readonly TableSchema[]): string[] {
  const byName = new Map(tables.map((table) => [table.name, table]));
  return Object.entries(definition.tables).flatMap(([name, mapping]) => {
    const table = byName.get(name);
    const place = `stores.${store}.tables.${name}`;
    return table
      ? judgeMapping(place, table, mapping).map(describeFinding)
      : [`${place}: the source has no such table.`];
  });
}

/** A rebuild changes what is in the store, not where the store is: a generation beside the live one shares its place. */
function placeProblems(store: string, current: StoreDefinition, next: StoreDefinition): string[] {
  const place = (definition: StoreDefinition) =>
    definition.type === 'postgres'
      ? `${definition.type} ${definition.url.env} ${definition.schema}`
      : `${definition.type} ${definition.url.env} ${definition.index}`;
  return place(current) === place(next)
    ? []
    : [
        `stores.${store}: a new definition may change 'tables' only; type, url and ${current.type === 'postgres' ? 'schema' : 'index'} stay.`,
      ];
}

function refuse(pipeline: string, problems: readonly string[]): void {
  if (problems.length === 0) return;
  throw new InvalidConfig(
    `Pipeline ${pipeline} does not fit its source:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
  );
}
