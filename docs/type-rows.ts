import { knownTypes, ruleOf } from '../model/value-types';
import { fieldOf, type Field } from '../stores/elasticsearch/fields';
import { markdownTable } from './table';

/** What no code can say of a type: a value as pgoutput writes it, and what somebody who reads a store should know. */
interface Prose {
  readonly wire: string;
  readonly remark?: string;
}

const dates = 'in an index to the millisecond; infinity, BC and years beyond 9999 are held, not indexed';
const names = "means the source's own objects: the name at the time of the change";
const noInput = 'no server takes it as input';
const floats = 'in an index NaN and the infinities are held, not indexed';

/** One row per type that model/value-types.ts knows; a test fails while one is missing. */
export const prose: Readonly<Record<string, Prose>> = {
  bool: { wire: 't' },
  int2: { wire: '-32768' },
  int4: { wire: '2147483647' },
  int8: { wire: '9223372036854775807', remark: 'a reader that makes a JSON number of it loses digits above 2^53' },
  oid: { wire: '4294967295' },
  float4: { wire: '0.1', remark: `the shortest text that is the same float4; ${floats}` },
  float8: { wire: '1.7976931348623157e+308', remark: floats },
  numeric: { wire: '0.1000', remark: `every digit; in an index searched by the nearest double; ${floats}` },
  money: { wire: '-$92,233,720,368,547,758.08', remark: "written as in locale C, whatever the database's lc_monetary" },
  text: { wire: 'any text', remark: 'of any length; NUL is no character that PostgreSQL has' },
  varchar: { wire: 'any text' },
  bpchar: { wire: 'padded  ', remark: 'with its blanks; equal to a text without them in PostgreSQL only' },
  char: { wire: '\\377', remark: 'one byte; those that are no ASCII in octal' },
  name: { wire: 'any_name' },
  citext: { wire: 'As Written', remark: 'in an index found with regard to case by `.keyword`' },
  bytea: { wire: '\\xdeadbeef' },
  uuid: { wire: '6c0d5bb6-6d5f-4a0e-9d6c-000000000001' },
  date: { wire: '2026-02-03', remark: dates },
  time: { wire: '04:05:06.789012' },
  timetz: { wire: '04:05:06+05:30' },
  timestamp: { wire: '2026-02-03 04:05:06.789012', remark: dates },
  timestamptz: { wire: '2026-02-03 04:05:06.789012+00', remark: `in UTC, as PostgreSQL keeps it; ${dates}` },
  interval: { wire: '1 year 2 mons -3 days +04:05:06.7' },
  json: {
    wire: '{"a": 1.0}',
    remark: 'blanks, order, repeated keys and `\\u0000` as they were; an index finds words in it',
  },
  jsonb: {
    wire: '{"a": 1.0}',
    remark: 'every digit, keys in the order of jsonb; PostgreSQL refuses `\\u0000`; an index finds words in it',
  },
  jsonpath: { wire: '$."a"[*]' },
  xml: { wire: '<a/>', remark: 'only where PostgreSQL was built with libxml; an index finds words in it' },
  hstore: { wire: '"a"=>"1", "b"=>NULL' },
  ltree: { wire: 'top.science' },
  inet: { wire: '10.0.0.1/24' },
  cidr: { wire: '2001:db8::/32' },
  macaddr: { wire: '08:00:2b:01:02:03' },
  macaddr8: { wire: '08:00:2b:ff:fe:01:02:03' },
  bit: { wire: '1010' },
  varbit: { wire: '10101' },
  tsvector: { wire: "'fat':2A 'rat':3" },
  tsquery: { wire: "'fat' & !'cat':*" },
  point: { wire: '(1.5,-2)' },
  line: { wire: '{1,-1,0}' },
  lseg: { wire: '[(0,0),(1,1)]' },
  box: { wire: '(1,1),(0,0)' },
  path: { wire: '((0,0),(1,1))' },
  polygon: { wire: '((0,0),(1,1),(2,0))' },
  circle: { wire: '<(0,0),1>' },
  int4range: { wire: '[1,5)' },
  int8range: { wire: '[1,)' },
  daterange: { wire: '[2026-01-01,infinity)' },
  tsrange: { wire: '["2026-01-01 00:00:00",)' },
  tstzrange: { wire: '["2026-01-01 00:00:00+00",)' },
  numrange: { wire: '[1.50,2]' },
  int4multirange: { wire: '{[1,3),[5,8)}' },
  int8multirange: { wire: '{[1,3),[5,8)}' },
  datemultirange: { wire: '{[2026-01-01,2026-01-03)}' },
  tsmultirange: { wire: '{["2026-01-01 00:00:00",)}' },
  tstzmultirange: { wire: '{["2026-01-01 00:00:00+00",)}' },
  nummultirange: { wire: '{[1.50,2]}' },
  pg_lsn: { wire: '16/B374D848' },
  xid: { wire: '4294967295' },
  xid8: { wire: '18446744073709551615' },
  cid: { wire: '7' },
  tid: { wire: '(0,1)' },
  pg_snapshot: { wire: '10:20:10,14' },
  txid_snapshot: { wire: '10:20:10,14' },
  refcursor: { wire: 'a_cursor' },
  int2vector: { wire: '1 2 3' },
  oidvector: { wire: '1 2 3' },
  regclass: { wire: 'public.orders', remark: names },
  regcollation: { wire: '"C"', remark: names },
  regconfig: { wire: 'english', remark: names },
  regdictionary: { wire: 'simple', remark: names },
  regnamespace: { wire: 'public', remark: names },
  regoper: { wire: '!~', remark: names },
  regoperator: { wire: '+(integer,integer)', remark: names },
  regproc: { wire: 'now', remark: names },
  regprocedure: { wire: 'abs(integer)', remark: names },
  regrole: { wire: 'postgres', remark: names },
  regtype: { wire: 'integer', remark: names },
  aclitem: { wire: 'postgres=r/postgres', remark: names },
  gtsvector: { wire: '', remark: noInput },
  pg_node_tree: { wire: '{…}', remark: noInput },
  pg_ndistinct: { wire: '{"1, 2": 3}', remark: noInput },
  pg_dependencies: { wire: '{"1 => 2": 1.000000}', remark: noInput },
  pg_mcv_list: { wire: '\\x…', remark: noInput },
  pg_brin_bloom_summary: { wire: '{…}', remark: noInput },
  pg_brin_minmax_multi_summary: { wire: '{…}', remark: noInput },
  enum: { wire: 'glad', remark: 'sorted as texts wherever it is one' },
  array: { wire: '[0:1]={"x y",NULL}', remark: 'nested, with its bounds; an index finds it as a whole' },
  composite: { wire: '(1,"x y",)', remark: "fields by place, so the replica's type must have the same" },
  range: { wire: '[a,b)' },
  multirange: { wire: '{[a,b)}' },
};

/** Types that PostgreSQL cannot have in a key. */
const keyless: ReadonlySet<string> = new Set([
  ...['json', 'jsonpath', 'xml', 'point', 'line', 'lseg', 'box', 'path', 'polygon', 'circle', 'xid', 'cid'],
  ...['refcursor', 'pg_snapshot', 'txid_snapshot'],
]);

export function typesTable(): string {
  return markdownTable(
    ['type', 'on the wire', 'in the envelope', 'PostgreSQL', 'Elasticsearch', 'to know'],
    knownTypes.map((type) => {
      const { wire = '', remark = '' } = prose[type] ?? {};
      const written = wire === '' ? '' : `\`${wire}\``;
      return [`\`${type}\``, written, inEnvelope(type), inReplica(type), inIndex(fieldOf({ baseType: type })), remark];
    }),
  );
}

function inEnvelope(type: string): string {
  const { form, equals } = ruleOf(type);
  if (form === 'boolean') return '`true`, `false`';
  if (form === 'text') return 'text';
  return equals === 'canonical' ? 'number; `NaN`, infinities and `-0` as text' : 'number';
}

function inReplica(type: string): string {
  const { replica, equals } = ruleOf(type);
  if (replica === 'text') return '`text`';
  return equals === 'several texts' && !keyless.has(type) ? 'itself; in a key `text`' : 'itself';
}

function inIndex(field: Field): string {
  const within = Object.keys((field['fields'] as object | undefined) ?? {}).map((name) => `, whole as \`.${name}\``);
  return field['index'] === false ? 'held, not indexed' : `\`${String(field['type'])}\`${within.join('')}`;
}
