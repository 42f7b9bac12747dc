import type { Value } from './change';
import type { Column } from './schema';

/**
 * What Slipstream knows of PostgreSQL's types: the one table behind capture, the stores and docs/types.md. A type that is
 * not here travels as text, and is treated with all the care that one needs of which nothing is known.
 */
export interface TypeRule {
  /** How a value travels: `number` while JSON keeps it exactly, else, like everything else, as PostgreSQL's own text. */
  readonly form: 'boolean' | 'number' | 'text';
  /**
   * Whether values that PostgreSQL calls equal have one text. `canonical`: not all of them, and a row's key is brought to
   * one (1.50 and 1.5). `several`: not all of them, and nothing short of PostgreSQL can tell (citext, jsonb).
   */
  readonly equals: 'one text' | 'canonical' | 'several texts';
  /** A replica's column: of this type where the database has it, or text in any case, since its values mean the source. */
  readonly replica: 'itself' | 'text';
}

const text: TypeRule = { form: 'text', equals: 'one text', replica: 'itself' };
const number: TypeRule = { ...text, form: 'number' };
/** Zero has two signs and one meaning. */
const floating: TypeRule = { ...number, equals: 'canonical' };
const ambiguous: TypeRule = { ...text, equals: 'several texts' };
/** Names of the source's own objects and roles, and what no server takes as input. */
const foreign: TypeRule = { ...ambiguous, replica: 'text' };

const rules: ReadonlyMap<string, TypeRule> = new Map(
  Object.entries({
    bool: { ...text, form: 'boolean' },
    int2: number,
    int4: number,
    int8: text,
    oid: number,
    float4: floating,
    float8: floating,
    numeric: { ...text, equals: 'canonical' },
    money: text,
    text,
    varchar: text,
    bpchar: text,
    char: text,
    name: text,
    citext: ambiguous,
    bytea: text,
    uuid: text,
    date: text,
    time: text,
    timetz: text,
    timestamp: text,
    timestamptz: text,
    interval: ambiguous,
    json: ambiguous,
    jsonb: ambiguous,
    jsonpath: ambiguous,
    xml: ambiguous,
    hstore: ambiguous,
    ltree: ambiguous,
    inet: text,
    cidr: text,
    macaddr: text,
    macaddr8: text,
    bit: text,
    varbit: text,
    tsvector: ambiguous,
    tsquery: ambiguous,
    point: ambiguous,
    line: ambiguous,
    lseg: ambiguous,
    box: ambiguous,
    path: ambiguous,
    polygon: ambiguous,
    circle: ambiguous,
    int4range: text,
    int8range: text,
    daterange: text,
    tsrange: text,
    tstzrange: text,
    numrange: ambiguous,
    int4multirange: text,
    int8multirange: text,
    datemultirange: text,
    tsmultirange: text,
    tstzmultirange: text,
    nummultirange: ambiguous,
    pg_lsn: text,
    xid: ambiguous,
    xid8: text,
    cid: ambiguous,
    tid: text,
    pg_snapshot: ambiguous,
    txid_snapshot: ambiguous,
    refcursor: ambiguous,
    int2vector: ambiguous,
    oidvector: text,
    regclass: foreign,
    regcollation: foreign,
    regconfig: foreign,
    regdictionary: foreign,
    regnamespace: foreign,
    regoper: foreign,
    regoperator: foreign,
    regproc: foreign,
    regprocedure: foreign,
    regrole: foreign,
    regtype: foreign,
    aclitem: foreign,
    gtsvector: foreign,
    pg_node_tree: foreign,
    pg_ndistinct: foreign,
    pg_dependencies: foreign,
    pg_mcv_list: foreign,
    pg_brin_bloom_summary: foreign,
    pg_brin_minmax_multi_summary: foreign,
    // Kinds of types rather than types: what people make themselves.
    enum: text,
    array: ambiguous,
    composite: ambiguous,
    range: ambiguous,
    multirange: ambiguous,
  } satisfies Record<string, TypeRule>),
);

/** Every type with a rule of its own, and the kinds (`enum`, `array` …), in the order of docs/types.md. */
export const knownTypes: readonly string[] = [...rules.keys()];

export function ruleOf(baseType: string): TypeRule {
  return rules.get(baseType) ?? ambiguous;
}

/** From PostgreSQL's text form to the form that travels. */
export type ParseValue = (text: string) => Value;

const asIs: ParseValue = (value) => value;
const parseBoolean: ParseValue = (value) => value === 't';
/** NaN, the infinities and negative zero have no JSON form, and stay text. */
const parseNumber: ParseValue = (value) => {
  const parsed = Number(value);
  return Number.isFinite(parsed) && !Object.is(parsed, -0) ? parsed : value;
};

export function parserOf({ baseType }: Pick<Column, 'baseType'>): ParseValue {
  const { form } = ruleOf(baseType);
  return form === 'boolean' ? parseBoolean : form === 'number' ? parseNumber : asIs;
}

type KeyColumn = Pick<Column, 'baseType' | 'type' | 'domainOf'>;

/** Whether `keyPartOf` may make another text of a value of this column. With a scale of its own a numeric has one anyway. */
export function hasCanonicalForm({ baseType, type, domainOf }: KeyColumn): boolean {
  return ruleOf(baseType).equals === 'canonical' && (baseType !== 'numeric' || (domainOf ?? type) === 'numeric');
}

/**
 * What a value is in a row's key. Equal keys must be one text: the key decides partition, document and order, and a row
 * whose key is 1.5 now and was 1.50 before is the same row.
 */
export function keyPartOf(column: KeyColumn): (value: Value) => Value {
  if (!hasCanonicalForm(column)) return (value) => value;
  if (column.baseType !== 'numeric') return (value) => (value === '-0' ? 0 : value);
  return (value) => (typeof value === 'string' && value.includes('.') ? value.replace(/\.?0+$/, '') : value);
}
