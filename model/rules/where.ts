import type { Row, Value } from '../change';
import type { Predicate, Scalar } from '../mapping-file';
import type { Column } from '../schema';
import { comparableOf, type Comparable } from './comparison';

/** As in SQL: null where a comparison met NULL. */
type Verdict = boolean | null;
type Test = (row: Row) => Verdict;

/** What is wrong with one place of a predicate, the place counted from the predicate's own. */
export interface PredicateProblem {
  readonly place: string;
  readonly what: string;
  readonly cure: string;
}

type Columns = ReadonlyMap<string, Pick<Column, 'type' | 'baseType'>>;

/** Every column that a predicate looks at. */
export function columnsOfPredicate(predicate: Predicate): readonly string[] {
  const { all = [], any = [], not, column } = predicate;
  const inner = [...all, ...any, ...(not ? [not] : [])].flatMap(columnsOfPredicate);
  return [...new Set([...inner, ...(column === undefined ? [] : [column])])];
}

/**
 * A predicate against the columns of one version of a table. A column that this version has not is NULL, as it was for
 * rows of the time. With problems there is no test.
 */
export function readPredicate(
  predicate: Predicate,
  columns: Columns,
): { readonly holds: (row: Row) => boolean; readonly problems: readonly PredicateProblem[] } {
  const problems: PredicateProblem[] = [];
  const test = compile(predicate, { place: '', columns, problems });
  // Only what is true counts: a row of which nothing can be said is not in the store.
  return { holds: (row) => test(row) === true, problems };
}

interface Reading {
  readonly place: string;
  readonly columns: Columns;
  readonly problems: PredicateProblem[];
}

const unknown: Test = () => null;

function compile(predicate: Predicate, reading: Reading): Test {
  const { all, any, not, column, isNull } = predicate;
  const within = (step: string): Reading => ({ ...reading, place: `${reading.place}.${step}` });
  if (all)
    return every(
      all.map((each, at) => compile(each, within(`all.${at}`))),
      false,
    );
  if (any)
    return every(
      any.map((each, at) => compile(each, within(`any.${at}`))),
      true,
    );
  if (not) {
    const test = compile(not, within('not'));
    return (row) => {
      const verdict = test(row);
      return verdict === null ? null : !verdict;
    };
  }
  if (column === undefined) return unknown;
  if (isNull !== undefined) return (row) => ((row[column] ?? null) === null) === isNull;
  return comparison(column, predicate, reading);
}

/** True as soon as one is `decisive`, unknown if one is unknown and none decides. */
function every(tests: readonly Test[], decisive: boolean): Test {
  return (row) => {
    let verdict: Verdict = !decisive;
    for (const test of tests) {
      const one = test(row);
      if (one === decisive) return decisive;
      if (one === null) verdict = null;
    }
    return verdict;
  };
}

const operators = {
  equals: (order: number) => order === 0,
  notEquals: (order: number) => order !== 0,
  less: (order: number) => order < 0,
  atMost: (order: number) => order <= 0,
  more: (order: number) => order > 0,
  atLeast: (order: number) => order >= 0,
} as const;
type Operator = keyof typeof operators;

const needsOrder: ReadonlySet<string> = new Set<Operator>(['less', 'atMost', 'more', 'atLeast']);

function comparison(column: string, predicate: Predicate, { place, columns, problems }: Reading): Test {
  const found = columns.get(column);
  if (!found) return unknown;
  const type = comparableOf(found.baseType);
  const written = Object.keys(operators).find((key): key is Operator => predicate[key as Operator] !== undefined);
  if (!type || (written !== undefined && needsOrder.has(written) && !type.ordered)) {
    problems.push({
      place,
      what: `'${column}' is ${found.type}, of which ${type ? 'only equality' : 'only isNull'} can be told outside of PostgreSQL.`,
      cure: type ? 'Use equals, notEquals or in.' : 'Filter by another column, or let the source compute one.',
    });
    return unknown;
  }
  const literals = predicate.in ?? (written === undefined ? [] : [predicate[written] as Scalar]);
  const tests = literals.flatMap((literal) => againstLiteral(type, literal, { place, column, found, problems }));
  const [first] = tests;
  if (!first || tests.length < literals.length) return unknown;
  const meets = written === undefined ? operators.equals : operators[written];
  return onValue(
    column,
    tests.length === 1 ? (value) => meets(first(value)) : (value) => tests.some((test) => test(value) === 0),
  );
}

function againstLiteral(
  type: Comparable,
  literal: Scalar,
  input: {
    readonly place: string;
    readonly column: string;
    readonly found: Pick<Column, 'type'>;
    readonly problems: PredicateProblem[];
  },
): readonly ((value: Exclude<Value, null>) => number)[] {
  const test = type.against(literal);
  if (test) return [test];
  const { place, column, found, problems } = input;
  problems.push({
    place,
    what: `this is no value of '${column}', which is ${found.type}.`,
    cure: `Write ${type.literal}.`,
  });
  return [];
}

/** NULL is neither equal nor unequal to anything. */
function onValue(column: string, test: (value: Exclude<Value, null>) => boolean): Test {
  return (row) => {
    const value = row[column] ?? null;
    return value === null ? null : test(value);
  };
}
