import type { PipelineFile, TableMapping } from '../../../model/pipeline';
import type { Scenario } from '../../support/scenario';
import { compareRows, type Difference, type Rows } from '../../support/differences';
import { readIndex } from '../../support/index-contents';

export const membersSchema = [
  `create type state as enum ('draft', 'active', 'gone')`,
  `create table members (tenant text, no int, first text, last text not null, balance numeric, seen timestamptz not null,
     tags text[] not null, profile jsonb not null, state state not null, primary key (tenant, no))`,
  `create table firms (id uuid primary key, name text not null, founded date)`,
];

const belongs = { all: [{ column: 'state', notEquals: 'draft' }, { not: { column: 'balance', less: '-100.00' } }] };
const indebted = { column: 'balance', less: 0 };
const firm = {
  select: ['id', 'founded'] as string[],
  transform: { name: 'describeFirm', returns: { label: 'string', words: 'list' } as const },
} satisfies TableMapping;
const made = {
  kind: { constant: 'member' },
  full_name: { template: '{first|} {last}' },
  amount: { column: 'balance', to: 'number' },
  labels: { column: 'tags', to: 'list' },
  day: { column: 'seen', to: 'date' },
} as const;
const taken = ['tenant', 'no', 'state'];

/** All that a mapping can say, in both stores. */
export function membersPipeline({ pipeline, name }: Scenario): PipelineFile {
  return {
    ...pipeline,
    source: { ...pipeline.source, tables: ['public.members', 'public.firms'] },
    stores: {
      replica: {
        ...{ type: 'postgres', url: { env: 'SCENARIO_REPLICA_URL' }, schema: name },
        tables: {
          'public.members': {
            documents: [
              { into: 'member', select: taken, fields: made, where: belongs },
              { into: 'debtor', select: ['tenant', 'no', 'balance'], where: indebted },
            ],
          },
          'public.firms': { ...firm, into: 'firm' },
        },
      },
      search: {
        ...{ type: 'elasticsearch', url: { env: 'SCENARIO_SEARCH_URL' }, index: name },
        tables: {
          'public.members': {
            documents: [
              {
                ...{ into: 'member', id: 'm:{tenant}:{no}', select: taken, where: belongs },
                fields: {
                  ...made,
                  details: { column: 'profile', to: 'json' },
                  at: { column: 'seen', to: 'iso8601' },
                },
              },
              { into: 'debtor', id: 'd:{tenant}:{no}', select: ['tenant', 'no'], where: indebted },
            ],
          },
          'public.firms': { ...firm, id: 'firm-{id}' },
        },
      },
    },
  };
}

/** The same in SQL. `version`: of the transform. Ids are built with replace, whose rules are plain here. */
function expectedSql(version: string, store: 'replica' | 'search'): Readonly<Record<string, string>> {
  const id = (prefix: string) =>
    store === 'replica'
      ? `'${prefix}' || tenant || '|' || no`
      : `'${prefix}:' || replace(replace(replace(tenant, '%', '%25'), '/', '%2F'), ':', '%3A') || ':' || no`;
  const search = store === 'search';
  return {
    member: `select ${id('m')} as id, tenant, no, state, 'member' as kind, coalesce(first, '') || ' ' || last as full_name,
        balance::float8 as amount, array_to_json(tags)::text as labels, (seen at time zone 'UTC')::date as day
        ${search ? `, profile::text as details, to_char(seen at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as at` : ''}
      from members where state <> 'draft' and not balance < -100.00`,
    debtor: `select ${id('d')} as id, tenant, no ${search ? '' : ', balance'} from members where balance < 0`,
    firm: `select ${search ? `'firm-' || id` : `'f' || id`} as id, id as firm_id, founded,
        name || ' v${version}' as label, array_to_json(string_to_array(name, ' '))::text as words
      from firms where founded is not null`,
  };
}

/** What each store must hold, by plain SQL, against what its readers see: every row, both ways. */
export async function compareMembers(scenario: Scenario, version: string): Promise<Difference[]> {
  const { source, replica, schema, alias, elasticsearchUrl } = scenario;
  const wanted = async (store: 'replica' | 'search') => {
    const all: [string, Record<string, string | null>][] = [];
    for (const sql of Object.values(expectedSql(version, store))) {
      for (const { id, ...row } of await source.query(sql)) all.push([String(id), texts(row)]);
    }
    return new Map(all);
  };
  const held: [string, Record<string, string | null>][] = [];
  const keys = { member: `'m' || tenant || '|' || no`, debtor: `'d' || tenant || '|' || no`, firm: `'f' || id` };
  for (const [view, key] of Object.entries(keys)) {
    const rows = await replica.query(`select ${key} as document, * from "${schema}".${view}`);
    for (const { document, id, ...row } of rows) {
      held.push([String(document), texts(id === undefined ? row : { ...row, firm_id: id })]);
    }
  }
  const found: [string, Record<string, string | null>][] = [];
  for (const [document, { id, details, ...fields }] of await readIndex(elasticsearchUrl, alias)) {
    const extra = { ...(id === undefined ? {} : { firm_id: id }), ...(details === undefined ? {} : { details }) };
    found.push([document, texts({ ...fields, ...extra })]);
  }
  return [
    ...compareRows('replica', await wanted('replica'), new Map(held)),
    ...compareRows('search', canonical(await wanted('search')), canonical(new Map(found))),
  ];
}

function texts(row: Readonly<Record<string, unknown>>): Record<string, string | null> {
  const entries = Object.entries(row).filter(([name]) => name !== '_slipstream_id');
  return Object.fromEntries(
    entries.map(([name, value]) => [
      name,
      value === null ? null : typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );
}

/** JSON in one spelling: PostgreSQL writes blanks and has an order of its own for keys. */
function canonical(rows: Rows): Rows {
  const one = (text: string | null | undefined) => {
    if (typeof text !== 'string') return null;
    const entries = Object.entries(JSON.parse(text) as Record<string, unknown>);
    return JSON.stringify(entries.sort(([left], [right]) => (left < right ? -1 : 1)));
  };
  return new Map([...rows].map(([id, row]) => [id, 'details' in row ? { ...row, details: one(row['details']) } : row]));
}
