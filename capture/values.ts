import type { Row, Value } from '../model/change';
import type { Column } from '../model/schema';

/** From PostgreSQL's text form to the form that travels (model/change.ts). */
export type ParseValue = (text: string) => Value;

const asIs: ParseValue = (text) => text;

/**
 * A number only while its text survives JSON: NaN, the infinities and negative zero have no JSON form, and stay text.
 */
const number: ParseValue = (text) => {
  const value = Number(text);
  return Number.isFinite(value) && !Object.is(value, -0) ? value : text;
};

/** int8 and numeric are not here: a double would lose their digits. */
const parsers: Readonly<Record<string, ParseValue>> = {
  bool: (text) => text === 't',
  int2: number,
  int4: number,
  oid: number,
  float4: number,
  float8: number,
};

export function parserOf(column: Column): ParseValue {
  return parsers[column.baseType] ?? asIs;
}

/** The text a statement's parameter takes: what `parserOf` made of it, back. */
export function parameterOf(value: Value): string | null {
  return value === null ? null : String(value);
}

/** One text for equal keys, different for different ones: column order is the key's own. */
export function keyText(key: Row): string {
  return JSON.stringify(Object.values(key));
}
