import type { Client } from 'pg';
import { formatTableName, parseTableName, type TableName } from '../../model/change';
import { InvalidConfig } from '../../model/errors';
import { listFindings, type Finding } from '../../model/finding';
import type { TableSchema } from '../../model/schema';
import { chooseKey } from '../key';
import { judgeColumns, judgeKey, judgeRelation, missingTable, noIdentity } from '../checks/judge-table';
import {
  readColumns,
  readKeyOperators,
  readLeaves,
  readRelations,
  readTableNames,
  readUniqueIndexes,
  type Shapes,
  type TableRow,
} from './shapes';

/** A captured table, with what only capture needs to know. */
export interface CapturedTable extends TableSchema {
  readonly partitioned: boolean;
  /** Per key column the schema of the operators that order it as its index does: types of extensions bring their own. */
  readonly keyOperators: readonly string[];
  /** Leaf partitions (or the table itself) whose replica identity is not FULL. */
  readonly notFull: readonly string[];
  /** The same, of any replica identity, that this role does not own, and so may not alter. */
  readonly notOwned: readonly string[];
}

/**
 * Reads the captured tables from the source's catalogue, in the order given; with `readBack` they keep the replica
 * identity they have. Throws `InvalidConfig` that names every
 * table which cannot be captured, with the statement that mends it.
 */
export async function readCatalogue(
  client: Client,
  tables: readonly string[],
  readBack = false,
): Promise<CapturedTable[]> {
  const { read, findings } = await surveyTables(client, tables, readBack);
  if (findings.length > 0) throw new InvalidConfig(listFindings('Tables that cannot be captured:', findings));
  return read;
}

/** The same, for those who want to see all of it: what can be captured, and why the rest cannot. */
export async function surveyTables(
  client: Client,
  tables: readonly string[],
  readBack = false,
): Promise<{ readonly read: CapturedTable[]; readonly findings: Finding[] }> {
  const names = tables.map(parseTableName);
  const relations = await readRelations(client, names);
  const present = [...relations.values()].map(({ oid }) => oid);
  const shapes = {
    columns: await readColumns(client, present),
    indexes: await readUniqueIndexes(client, present),
    leaves: await readLeaves(client, present),
  };
  const findings: Finding[] = [];
  const chosen: Chosen[] = [];
  const others = relations.size < names.length ? await readTableNames(client) : [];
  for (const name of names) {
    const relation = relations.get(formatTableName(name));
    const judged = relation ? judgeTable(name, relation, { shapes, readBack }) : missingTable(name, others);
    if (isFinding(judged)) findings.push(judged);
    else chosen.push(judged);
  }
  const operators = await readKeyOperators(client, chosen);
  const read = chosen.map((table) => ({ ...table, keyOperators: operators.get(String(table.relationId)) ?? [] }));
  return { read, findings };
}

/** A table that can be captured, before its key's operators are asked for. */
type Chosen = Omit<CapturedTable, 'keyOperators'>;

function isFinding(result: Finding | Chosen | { readonly columns: readonly string[] }): result is Finding {
  return 'code' in result;
}

/** The table, or why it is refused. */
function judgeTable(
  table: TableName,
  row: TableRow,
  { shapes, readBack }: { readonly shapes: Shapes; readonly readBack: boolean },
): Chosen | Finding {
  const relation = {
    kind: row.kind,
    persistence: row.persistence,
    partition: row.partition === 't',
    readable: row.readable === 't',
    hidesRows: row.hides_rows === 't',
  };
  const refusal = judgeRelation(table, relation, row.role);
  if (refusal !== null) return refusal;
  const columns = shapes.columns.get(row.oid) ?? [];
  const identity = row.identity as TableSchema['replicaIdentity'];
  const choice = chooseKey(shapes.indexes.get(row.oid) ?? [], identity, readBack);
  if (readBack && identity === 'n') return noIdentity(table);
  const leaves = shapes.leaves.get(row.oid) ?? [];
  const notFull = leaves.filter((leaf) => !leaf.full).map(({ quoted }) => quoted);
  const generated = columns.filter((column) => column.generated).map((column) => column.name);
  const generatedTravel = row.generated_travel === 't';
  const key = judgeKey(table, { choice, generated, generatedTravel, toBeFull: !readBack && notFull.length > 0 });
  if (isFinding(key)) return key;
  const unfit = judgeColumns(table, { columns: columns.map((column) => column.name), key: key.columns });
  if (unfit !== null) return unfit;
  return {
    name: formatTableName(table),
    relationId: Number(row.oid),
    columns,
    key: key.columns,
    replicaIdentity: identity,
    estimatedRows: Number(row.estimate),
    partitioned: row.kind === 'p',
    notFull: readBack ? [] : notFull,
    notOwned: leaves.filter((leaf) => !leaf.owned).map(({ quoted }) => quoted),
  };
}
