/** How columns fit what a generation holds of a table: names in the store (stores/store.ts has it in full). */
export interface ColumnFit {
  readonly absent: readonly string[];
  readonly other: readonly string[];
  readonly surplus: readonly string[];
}

/** One column under its name in the store. */
interface NamedColumn {
  readonly name: string;
  readonly column: { readonly type: string };
}

/** The table as the source has it now, beside what the generation holds. */
export interface Present {
  readonly columns: readonly NamedColumn[];
  readonly fit: ColumnFit;
}

/**
 * What a generation does with records of a version. `as-is`: their columns are its own. `reshape`: those of `columns` are
 * taken, the generation's others are NULL. `extend`: it gets columns first, and then judges again. `rebuild`: another
 * generation has to be made.
 */
export type VersionVerdict =
  | { readonly kind: 'as-is' }
  | { readonly kind: 'reshape'; readonly taken: readonly string[]; readonly empty: readonly string[] }
  | { readonly kind: 'extend'; readonly names: readonly string[] }
  | { readonly kind: 'rebuild'; readonly why: string };

/**
 * Pure. A log holds records of every form the table ever had, and a generation is made in one of them: older records
 * lack columns, or have some that are long gone, and are read for what they still tell; records after a change of the
 * table ask for more. Which of the two a difference is, the table's present form says: what neither it nor the generation
 * has is of the past, what it has and the generation has not is to come.
 *
 * `version`: the columns that the mapping takes of it. `filters`: columns that the mapping asks or makes something of, and that are
 * neither in the version nor in the table's present form. `shadowed`: columns of the version and of the present form under whose
 * names the mapping has something else.
 */
export function judgeVersion(input: {
  readonly version: readonly NamedColumn[];
  readonly fit: ColumnFit;
  readonly filters: readonly string[];
  readonly shadowed: readonly string[];
  readonly present: Present;
}): VersionVerdict {
  const { version, fit, filters, shadowed, present } = input;
  if (shadowed.length > 0) {
    return rebuild(`column ${shadowed.join(', ')} has come, and the definition has something else under that name`);
  }
  if (fitsWhole(fit) && filters.length === 0) return { kind: 'as-is' };
  const now = new Map(present.columns.map((each) => [each.name, each.column.type]));
  const gone = [...fit.surplus.filter((name) => !now.has(name)), ...filters];
  if (gone.length > 0) return rebuild(`column ${gone.join(', ')}, which this generation has, is gone from the source`);
  const retyped = fit.other.filter((name) => !now.has(name) || present.fit.other.includes(name));
  if (retyped.length > 0) return rebuild(`column ${retyped.join(', ')} is of another type than in this generation`);
  const typeOf = new Map(version.map((each) => [each.name, each.column.type]));
  const names = fit.absent.filter((name) => present.fit.absent.includes(name) && now.get(name) === typeOf.get(name));
  if (names.length > 0) return { kind: 'extend', names };
  const left = new Set([...fit.absent, ...fit.other]);
  return {
    kind: 'reshape',
    taken: version.map(({ name }) => name).filter((name) => !left.has(name)),
    empty: [...fit.surplus, ...fit.other],
  };
}

/** No difference at all: nothing else has to be asked. */
export function fitsWhole({ absent, other, surplus }: ColumnFit): boolean {
  return absent.length + other.length + surplus.length === 0;
}

function rebuild(why: string): VersionVerdict {
  return { kind: 'rebuild', why };
}
