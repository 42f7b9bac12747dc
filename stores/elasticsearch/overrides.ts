import { suggest } from '../../model/did-you-mean';
import type { StoreDefinition } from '../../model/pipeline';
import type { Field, FieldProblem } from './fields';
import { isFieldName } from './field-names';

type Definition = Extract<StoreDefinition, { type: 'elasticsearch' }>;

/** Settings that what we promise rests on, each with the reason; what stands below one is refused with it. */
const refused: Readonly<Record<string, string>> = {
  translog: '"durable" rests on a translog that is synced at every request',
  refresh_interval: "it is off while a generation is built; write the store's own 'refresh'",
  blocks: 'a blocked index takes no writes',
  default_pipeline: 'a pipeline would change documents, or drop them',
  final_pipeline: 'a pipeline would change documents, or drop them',
  hidden: 'readers find generations through the alias',
  routing_path: 'documents are found by their id alone',
  mode: 'other modes of an index rewrite or refuse documents',
};

/** `{"index": {"translog": {"durability": …}}}` and `"index.translog.durability"` are one setting. */
function settingNames(settings: Readonly<Record<string, unknown>>, prefix = ''): string[] {
  return Object.entries(settings).flatMap(([key, value]) => {
    const name = `${prefix}${key}`;
    const nested = typeof value === 'object' && value !== null && !Array.isArray(value);
    return nested ? settingNames(value as Record<string, unknown>, `${name}.`) : [name];
  });
}

function plainName(name: string): string {
  return name.replace(/^index\./, '');
}

/** What is asked of an index and would undo what we promise. Pure. */
export function settingProblems({ settings = {} }: Definition): FieldProblem[] {
  return settingNames(settings).flatMap((name) => {
    const [first = ''] = plainName(name).split('.');
    const why = refused[first];
    return why === undefined ? [] : [{ place: `settings.${name}`, what: `${why}.`, cure: 'Leave it out.' }];
  });
}

/** The settings of a generation's index: ours first, then what was asked for. */
export function indexSettings({ settings = {} }: Definition, ours: Readonly<Record<string, unknown>>): object {
  const asked = settingNames(settings).map(plainName);
  const { auto_expand_replicas: expand, ...others } = ours;
  // Replicas that were asked for would be expanded away again.
  const copies = asked.includes('number_of_replicas') || asked.includes('auto_expand_replicas');
  const { index: below = {}, ...beside } = settings;
  return { ...others, ...(copies ? {} : { auto_expand_replicas: expand }), ...(below as object), ...beside };
}

/** A field's mapping as it was asked for; undefined: as its column's type gives it. */
export function overrideOf({ fields = {} }: Pick<Definition, 'fields'>, name: string): Field | undefined {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

/**
 * Fields that no column becomes: good where another field's `copy_to` fills them, and a slip of the pen elsewhere. `known`
 * are the names that columns have in the index. Pure.
 */
export function furtherFields(
  { fields = {} }: Definition,
  known: readonly string[],
): { readonly fields: Readonly<Record<string, Field>>; readonly problems: readonly FieldProblem[] } {
  const filled = Object.values(fields).flatMap(({ copy_to: to = [] }) =>
    Array.isArray(to) ? to.map(String) : [String(to)],
  );
  const further = Object.entries(fields).filter(([name]) => !known.includes(name));
  const problems = further.flatMap(([name]) => {
    const place = `fields.${name}`;
    if (!isFieldName(name)) return [{ place, what: `'${name}' cannot be a field.`, cure: 'Rename it.' }];
    if (filled.includes(name)) return [];
    const otherwise = `Name one of ${known.join(', ')}, or let a field copy_to it.`;
    return [
      {
        place,
        what: `no column becomes '${name}', and no field is copied to it.`,
        cure: suggest(name, known, otherwise),
      },
    ];
  });
  return { fields: Object.fromEntries(further), problems };
}
