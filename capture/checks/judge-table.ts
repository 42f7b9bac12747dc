import { formatTableName, type TableName } from '../../model/change';
import { suggest } from '../../model/did-you-mean';
import { finding, type Finding } from '../../model/finding';
import type { KeyChoice } from '../key';
import { quoteName, quoteTable } from '../source/quoting';

/** A relation as the catalogue has it, as far as it decides whether it can be captured. */
export interface Relation {
  /** `pg_class.relkind`. */
  readonly kind: string;
  /** `pg_class.relpersistence`. */
  readonly persistence: string;
  readonly partition: boolean;
  /** This role may select from it. */
  readonly readable: boolean;
  /** A policy hides rows of it from this role. */
  readonly hidesRows: boolean;
}

const kinds: Readonly<Record<string, string>> = {
  v: 'a view',
  m: 'a materialized view',
  f: 'a foreign table',
  S: 'a sequence',
  i: 'an index',
  I: 'an index',
  c: 'a composite type',
};

/** Why a relation cannot be captured, with the statement that mends it; null when nothing is in the way. */
export function judgeRelation(table: TableName, { kind, ...relation }: Relation, role: string): Finding | null {
  const where = placeOf(table);
  const quoted = quoteTable(table);
  if (kind !== 'r' && kind !== 'p') {
    const what = `it is ${kinds[kind] ?? 'not a table'}, which has no changes in the WAL.`;
    return finding('table-kind', { where, what, cure: 'Capture the tables it is made of.' });
  }
  if (relation.persistence === 'u') {
    return finding('table-unlogged', {
      where,
      what: 'it is unlogged.',
      cure: `Run: alter table ${quoted} set logged;`,
    });
  }
  if (relation.persistence === 't') {
    return finding('table-kind', { where, what: 'it is a temporary table.', cure: 'Capture another.' });
  }
  if (relation.partition) {
    const what = 'it is a partition, and is published through its root.';
    return finding('table-partition', { where, what, cure: 'Name the root instead.' });
  }
  if (!relation.readable) {
    const cure = `Run: grant usage on schema ${quoteName(table.schema)} to ${quoteName(role)}; grant select on ${quoted} to ${quoteName(role)};`;
    return finding('table-unreadable', { where, what: `it cannot be read by ${role}.`, cure });
  }
  if (relation.hidesRows) {
    const what = `a row security policy hides rows of it from ${role}.`;
    return finding('table-row-security', { where, what, cure: `Run: alter role ${quoteName(role)} bypassrls;` });
  }
  return null;
}

/** `others`: the tables that there are, to find the one that was meant. */
export function missingTable(table: TableName, others: readonly string[]): Finding {
  const cure = suggest(formatTableName(table), others, 'Correct source.tables, or create it.');
  return finding('table-missing', { where: placeOf(table), what: 'it does not exist in the source.', cure });
}

/** The key that carries the table's changes, or why none can. */
export function judgeKey(
  table: TableName,
  input: {
    readonly choice: KeyChoice | null;
    /** Generated columns that are not published. */
    readonly generated: readonly string[];
    /** From PostgreSQL 18 on stored ones are published, so those that are not are virtual. */
    readonly generatedTravel: boolean;
    /** Whole rows are still to be logged, which changes what PostgreSQL remembers of the key. */
    readonly toBeFull: boolean;
  },
): KeyChoice | Finding {
  const where = placeOf(table);
  const { choice, generated, generatedTravel, toBeFull } = input;
  const addKey = (columns: string) => `alter table ${quoteTable(table)} add primary key (${columns});`;
  if (choice === null) {
    const cure = `Run: ${addKey('…')} or: alter table ${quoteTable(table)} replica identity using index …;`;
    return finding('table-keyless', { where, what: 'it has no key.', cure });
  }
  if (generatedTravel && generated.length > 0) {
    const drop = generated.map((column) => `drop column ${quoteName(column)}`).join(', ');
    return finding('table-column-virtual', {
      where,
      what: `its column ${generated.join(', ')} is generated and virtual.`,
      cure: `Make it stored, or run: alter table ${quoteTable(table)} ${drop};`,
    });
  }
  if (choice.columns.some((column) => generated.includes(column))) {
    return finding('table-key-generated', {
      where,
      what: 'it has a generated column in its key.',
      cure: 'Choose another key.',
    });
  }
  if (toBeFull && !choice.survivesFull) {
    const cure = `Run: ${addKey(choice.columns.map(quoteName).join(', '))}`;
    return finding('table-key-lost', {
      where,
      what: 'it has a replica identity index and no primary key.',
      cure,
    });
  }
  return choice;
}

/**
 * Rows travel as JSON objects, which take every name but one, and keep their members in the order they were given, save
 * for those that are numbers: of a key of several columns, order is part of what it is. Null when nothing is in the way.
 */
export function judgeColumns(
  table: TableName,
  { columns, key }: { readonly columns: readonly string[]; readonly key: readonly string[] },
): Finding | null {
  const lost = columns.filter((column) => column === '__proto__');
  const moved = key.length > 1 ? key.filter((column) => /^(0|[1-9]\d*)$/.test(column)) : [];
  const [column] = [...lost, ...moved];
  if (column === undefined) return null;
  const what =
    lost.length > 0
      ? `a column is called ${column}, which no JSON object can carry safely.`
      : `its key has several columns, and one is called ${column}: JSON objects move numbers to the front.`;
  const cure = `Run: alter table ${quoteTable(table)} rename column ${quoteName(column)} to …;`;
  return finding('table-column-name', { where: placeOf(table), what, cure });
}

/** Where tables stay as they are: PostgreSQL refuses the updates and deletes of a published table without an identity. */
export function noIdentity(table: TableName): Finding {
  const cure = `Run: alter table ${quoteTable(table)} replica identity default;`;
  return finding('replica-identity', { where: placeOf(table), what: 'its REPLICA IDENTITY is NOTHING.', cure });
}

export function placeOf(table: TableName): string {
  return `table ${formatTableName(table)}`;
}
