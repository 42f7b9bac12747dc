import { parseTableName } from '../../model/change';
import { finding, type Finding } from '../../model/finding';
import type { CapturedTable } from '../source/catalogue';
import {
  alterPublication,
  covers,
  createPublication,
  publishGenerated,
  wholeOptions,
  type Publication,
} from '../source/publication';
import { quoteName, quoteTable } from '../source/quoting';

/** May the publication, and the tables it is to hold, be made what capture needs? Pure. */
export function judgePublication(input: {
  readonly name: string;
  readonly publication: Publication | null;
  readonly tables: readonly CapturedTable[];
  readonly role: string;
  readonly database: string;
  /** CREATE on the database. */
  readonly mayCreate: boolean;
}): Finding[] {
  const { name, publication, tables } = input;
  const whole =
    publication === null
      ? []
      : [
          ...incomplete(name, publication),
          ...generated(name, publication, tables),
          ...filtered(name, publication, tables),
        ];
  return [...whole, ...replicaIdentities(tables), ...privileges(input)];
}

function incomplete(name: string, { everything, viaRoot }: Publication): Finding[] {
  if (everything && viaRoot) return [];
  return [
    finding('publication-incomplete', {
      where: `publication ${name}`,
      what: everything ? 'it publishes partitions by themselves.' : 'it leaves operations out.',
      cure: `Run: alter publication ${quoteName(name)} set (${wholeOptions});`,
    }),
  ];
}

/** Its owner mends this at the start. */
function generated(name: string, publication: Publication, tables: readonly CapturedTable[]): Finding[] {
  const without = tables.filter((table) => publication.withoutGenerated.has(table.relationId));
  if (publication.owned || without.length === 0) return [];
  return [
    finding('publication-filtered', {
      where: `publication ${name}`,
      what: `it leaves out the generated columns of ${without.map((table) => table.name).join(', ')}.`,
      cure: `Run as its owner: ${publishGenerated(name)};`,
    }),
  ];
}

function filtered(name: string, publication: Publication, tables: readonly CapturedTable[]): Finding[] {
  return tables
    .filter((table) => publication.tables.get(table.relationId)?.partial)
    .map((table) => {
      const [alter, quoted] = [`alter publication ${quoteName(name)}`, quoteTable(parseTableName(table.name))];
      return finding('publication-filtered', {
        where: `publication ${name}`,
        what: `it has a row filter or a column list for ${table.name}.`,
        cure: `Run: ${alter} drop table ${quoted}; ${alter} add table ${quoted};`,
      });
    });
}

/** Each with its statement for the owner: we may not run it. */
function replicaIdentities(tables: readonly CapturedTable[]): Finding[] {
  return tables.flatMap((table) =>
    table.notFull
      .filter((quoted) => table.notOwned.includes(quoted))
      .map((quoted) =>
        finding('replica-identity', {
          where: `table ${table.name}`,
          what: 'its REPLICA IDENTITY is not FULL, and this role does not own it.',
          cure: `Run as its owner: alter table ${quoted} replica identity full;`,
        }),
      ),
  );
}

function privileges(input: Parameters<typeof judgePublication>[0]): Finding[] {
  const { name, publication, tables, role, database, mayCreate } = input;
  const missing = tables.filter((table) => publication === null || !covers(publication, table));
  if (missing.length === 0) return [];
  const where = `publication ${name}`;
  const foreign = missing.filter((table) => table.notOwned.includes(quoteTable(parseTableName(table.name))));
  const found: Finding[] = [];
  if (publication === null && !mayCreate) {
    const cure = `Run: grant create on database ${quoteName(database)} to ${quoteName(role)};`;
    found.push(
      finding('database-privilege', { where: `database ${database}`, what: `${role} may not create in it.`, cure }),
    );
  }
  if (foreign.length > 0 || (publication !== null && !publication.owned)) {
    const statement = publication === null ? createPublication(name, tables) : alterPublication(name, missing);
    found.push(
      finding('publication-privilege', {
        where,
        what:
          foreign.length > 0
            ? `${role} does not own ${foreign.map((table) => table.name).join(', ')}, and may not publish what it does not own.`
            : `${role} does not own it, and it lacks ${missing.map((table) => table.name).join(', ')}.`,
        cure: `Run as superuser: ${statement};`,
      }),
    );
  }
  return found;
}
