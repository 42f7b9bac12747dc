import type { Inventory, InventoryTable, LeftOut, Remark, Suggestion } from '../../model/inventory';
import { InvalidConfig } from '../../model/errors';
import { suggest } from '../../model/did-you-mean';
import type { PipelineFile, StoreDefinition } from '../../model/pipeline';
import type { TableSchema } from '../../model/schema';
import type { StoreWish } from './arguments';
import { isExact, matches } from './table-pattern';

/** Something that a store will hold otherwise than the source does. */
export interface StoreRemark extends Remark {
  readonly store: string;
}

/** A first pipeline, and what its owner should know of it. */
export interface InitPlan {
  readonly file: PipelineFile;
  readonly tables: readonly InventoryTable[];
  readonly leftOut: readonly LeftOut[];
  readonly remarks: readonly StoreRemark[];
}

export interface PlanInput {
  readonly inventory: Inventory;
  /** Names of all tables that were seen, to find the one that was meant. */
  readonly seen: readonly string[];
  readonly patterns: readonly string[];
  /** null: after the database. */
  readonly name: string | null;
  readonly urlEnv: string;
  readonly stores: readonly StoreWish[];
  /** Where the JSON Schema is, as seen from the file. */
  readonly schema: string;
  readonly suggestTables: (type: StoreDefinition['type'], tables: readonly TableSchema[]) => Suggestion;
}

/** Pure. Throws `InvalidConfig` when nothing is left to capture, or something asked for by name cannot be. */
export function planPipeline(input: PlanInput): InitPlan {
  const { inventory, urlEnv, stores } = input;
  const { tables, leftOut } = inventory;
  refuseUnmet(input);
  const name = input.name ?? nameAfter(inventory.database);
  const catalogue = tables.map(({ schema }) => schema);
  const suggestions = stores.map((wish) => ({ wish, ...input.suggestTables(wish.type, catalogue) }));
  return {
    file: {
      $schema: input.schema,
      name,
      source: { url: { env: urlEnv }, tables: catalogue.map((table) => table.name) },
      stores: Object.fromEntries(
        suggestions.map(({ wish, tables: mappings }) => [wish.name, definitionOf({ name, wish, mappings, stores })]),
      ),
    },
    tables,
    leftOut,
    remarks: suggestions.flatMap(({ wish, remarks }) => remarks.map((remark) => ({ store: wish.name, ...remark }))),
  };
}

function refuseUnmet({ inventory, seen, patterns }: PlanInput): void {
  const { database, tables, leftOut } = inventory;
  const problems: string[] = [];
  for (const pattern of patterns) {
    const meant = leftOut.filter(({ table }) => matches(pattern, table));
    if (!seen.some((table) => matches(pattern, table))) {
      const otherwise = `It has ${seen.length === 0 ? 'no tables' : `${seen.length} tables, such as ${seen.slice(0, 3).join(', ')}`}.`;
      problems.push(`No table of database ${database} matches '${pattern}'. ${suggest(pattern, seen, otherwise)}`);
    } else if (isExact(pattern)) problems.push(...meant.map(sentence));
  }
  if (problems.length === 0 && tables.length === 0) {
    problems.push(`Database ${database} has no table that can be captured.`, ...leftOut.map(sentence));
  }
  if (problems.length > 0) throw new InvalidConfig(problems.join('\n'));
}

function sentence({ table, what, cure }: LeftOut): string {
  return `${table}: ${[what, cure].filter((part) => part !== null).join(' ')}`;
}

/** A pipeline's name has fewer letters than a database's. */
function nameAfter(database: string): string {
  const plain = database
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
    .slice(0, 40);
  return plain === '' ? 'pipeline' : plain;
}

/** The first store of a kind is named after the pipeline for its readers, a second one after itself too. */
function definitionOf(input: {
  readonly name: string;
  readonly wish: StoreWish;
  readonly mappings: Suggestion['tables'];
  readonly stores: readonly StoreWish[];
}): StoreDefinition {
  const { name, wish, mappings, stores } = input;
  const first = stores.find(({ type }) => type === wish.type) === wish;
  const place = first ? name : `${name}_${wish.name}`;
  const url = { env: wish.urlEnv };
  const tables = { ...mappings };
  switch (wish.type) {
    case 'postgres':
      return { type: 'postgres', url, schema: place.replaceAll('-', '_').slice(0, 40), tables };
    case 'elasticsearch':
      return { type: 'elasticsearch', url, index: place, tables };
    case 'redis':
      return { type: 'redis', url, key: place, as: 'json', tables };
  }
}
