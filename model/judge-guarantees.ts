import { capabilitiesOf } from './capabilities';
import { finding, type Finding } from './finding';
import { guaranteesOf, type Guarantee, type SheetLine } from './guarantees';
import { mappingLosses } from './mapping-losses';
import type { StoreDefinition } from './pipeline-file';
import { mayPark, poisonRules } from './poison';
import type { TableSchema } from './schema';

/** What of a pipeline bears on its guarantees: of a file that was just parsed, or of one that runs already. */
export interface Promising {
  readonly source: { readonly replicaIdentity?: 'full' | 'read-back' };
  readonly log: { readonly replicationFactor: number; readonly oversized?: 'block' | 'reference' };
  /** What every store has to give. */
  readonly require?: readonly Guarantee[] | undefined;
}

interface StoreOf {
  readonly pipeline: Promising;
  readonly store: string;
  readonly definition: StoreDefinition;
  /** null: the tables were not looked at. */
  readonly losses: readonly string[] | null;
}

/** What a store's mapping loses of values, a sentence each. Pure. */
export function lossesOf(definition: StoreDefinition, tables: readonly TableSchema[]): readonly string[] {
  return tables.flatMap(({ name, columns }) => {
    const mapping = definition.tables[name];
    const losses = mapping ? mappingLosses(mapping, columns) : [];
    return losses.flatMap(({ field, column, lost }) =>
      lost === null ? [] : `field ${field} of ${name}${column === null ? '' : `, made of ${column}`}: ${lost}`,
    );
  });
}

/** What is demanded in vain only once the tables are known: the rest is a finding of the file. Pure. */
export function judgeRequirementsOfTypes(of: Omit<StoreOf, 'losses'>, tables: readonly TableSchema[]): Finding[] {
  const known = judgeRequirements({ ...of, losses: null }).map(({ where, what }) => `${where} ${what}`);
  const all = judgeRequirements({ ...of, losses: lossesOf(of.definition, tables) });
  return all.filter(({ where, what }) => !known.includes(`${where} ${what}`));
}

/** The guarantee sheet of one store of a pipeline. Pure. */
export function sheetOf({ pipeline, definition, losses }: Omit<StoreOf, 'store'>): readonly SheetLine[] {
  return guaranteesOf({
    capabilities: capabilitiesOf(definition),
    logCopies: pipeline.log.replicationFactor,
    parks: mayPark(poisonRules(definition)),
    readsAtSource: pipeline.source.replicaIdentity === 'read-back' || pipeline.log.oversized === 'reference',
    losses,
  });
}

/** What is demanded and not given, or not wholly: a weakened guarantee is not the one that was asked for. Pure. */
export function judgeRequirements(of: StoreOf): Finding[] {
  const { pipeline, store, definition } = of;
  const demanded = [
    ...(pipeline.require ?? []).map((guarantee) => ({ guarantee, where: 'require' })),
    ...(definition.require ?? []).map((guarantee) => ({ guarantee, where: `stores.${store}.require` })),
  ];
  const sheet = new Map(sheetOf(of).map((line) => [line.guarantee, line]));
  return demanded.flatMap(({ guarantee, where }) => {
    const line = sheet.get(guarantee);
    if (line === undefined || line.verdict === 'given') return [];
    const short = line.verdict === 'weakened' ? 'wholly give' : 'give';
    const what = `store ${store} (${definition.type}) cannot ${short} '${guarantee}': ${line.because.join('; ')}.`;
    const cure = `Change that, or take "${guarantee}" out of ${where}; docs/guarantees.md says what each store can give.`;
    return [finding('guarantee-not-given', { where, what, cure })];
  });
}
