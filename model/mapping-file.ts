import { z } from 'zod';
import { resultTypes } from './rules/result-type';

/**
 * How a table becomes documents, as people write it: the part of the pipeline file that docs/mapping.md explains. Where a
 * rule has several shapes it is one object with a check and no union: so a mistake deep within is found at its own place.
 */

const scalar = z.union([z.string(), z.number(), z.boolean()]);
export type Scalar = z.output<typeof scalar>;

/** What one column must be for the row to belong to the store. All conditions of a filter must hold. */
const condition = z.union([
  z.strictObject({ equals: scalar.describe('the column has this value; compared as text, so 5 meets the bigint 5') }),
  z.strictObject({ notEquals: scalar.describe('the column is not NULL and has another value') }),
  z.strictObject({ in: z.array(scalar).min(1).describe('the column has one of these values') }),
  z.strictObject({ isNull: z.boolean().describe('true: the column is NULL; false: it is not') }),
]);
export type Condition = z.output<typeof condition>;

/** Comparisons of a column with values, by the meaning of its type. */
export const comparisons = ['equals', 'notEquals', 'less', 'atMost', 'more', 'atLeast', 'in', 'isNull'] as const;
const junctions = ['all', 'any', 'not'] as const;

/** True, false, or, where NULL is compared, unknown: as in SQL, and as there only true counts. */
export interface Predicate {
  readonly all?: readonly Predicate[] | undefined;
  readonly any?: readonly Predicate[] | undefined;
  readonly not?: Predicate | undefined;
  readonly column?: string | undefined;
  readonly equals?: Scalar | undefined;
  readonly notEquals?: Scalar | undefined;
  readonly less?: Scalar | undefined;
  readonly atMost?: Scalar | undefined;
  readonly more?: Scalar | undefined;
  readonly atLeast?: Scalar | undefined;
  readonly in?: readonly Scalar[] | undefined;
  readonly isNull?: boolean | undefined;
}

const predicate: z.ZodType<Predicate, Predicate> = z
  .lazy(() =>
    z
      .strictObject({
        all: z.array(predicate).min(1).optional().describe('every one of these predicates is true'),
        any: z.array(predicate).min(1).optional().describe('at least one of these predicates is true'),
        not: predicate.optional().describe('this predicate is false'),
        column: z.string().min(1).optional().describe('the column that is compared, by its name in the source'),
        equals: scalar.optional().describe('the column is this'),
        notEquals: scalar.optional().describe('the column is not NULL, and is not this'),
        less: scalar.optional().describe('the column is less than this'),
        atMost: scalar.optional().describe('the column is this or less'),
        more: scalar.optional().describe('the column is more than this'),
        atLeast: scalar.optional().describe('the column is this or more'),
        in: z.array(scalar).min(1).optional().describe('the column is one of these'),
        isNull: z.boolean().optional().describe('true: the column is NULL; false: it is not'),
      })
      .superRefine((written, context) => {
        const found = [...junctions, ...comparisons].filter((key) => written[key] !== undefined);
        const ofColumn = comparisons.some((key) => key === found[0]);
        if (found.length === 1 && ofColumn === (written.column !== undefined)) return;
        const message =
          `a predicate is all, any or not; or a column with one of ${comparisons.join(', ')}. ` +
          `Here stands ${found.length === 0 ? 'none of them' : [...(written.column === undefined ? [] : ['column']), ...found].join(', ')}.`;
        context.addIssue({ code: 'custom', message });
      }),
  )
  .meta({ id: 'predicate' });

const to = z.enum(resultTypes);

/** A field that is made and not taken: a constant, a template, or a column as another type. */
const field = z
  .strictObject({
    constant: scalar.optional().describe('the same value in every document'),
    template: z
      .string()
      .min(1)
      .optional()
      .describe('text with columns in braces: {column}, or {column|text in place of NULL}; {{ and }} are braces'),
    column: z.string().min(1).optional().describe('the column that is converted, by its name in the source'),
    to: to.optional().describe('what it becomes; docs/mapping.md says what is lost'),
  })
  .superRefine((written, context) => {
    const kinds = [written.constant, written.template, written.column ?? written.to];
    const whole = (written.column === undefined) === (written.to === undefined);
    if (whole && kinds.filter((kind) => kind !== undefined).length === 1) return;
    const message = 'a field is {"constant": …}, or {"template": …}, or {"column": …, "to": …}.';
    context.addIssue({ code: 'custom', message });
  });
export type FieldRule = z.output<typeof field>;

const transform = z.strictObject({
  name: z.string().min(1).max(100).describe('the name under which workers register the function'),
  version: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .describe(
      'the version the store is built with, filled in when the pipeline starts; default: the one that workers have',
    ),
  returns: z
    .record(z.string().min(1), to.describe('what the field is'))
    .refine((all) => Object.keys(all).length > 0, 'name at least one field')
    .meta({ minProperties: 1, description: 'the fields that the function returns, with what each is' }),
});
export type TransformReference = z.output<typeof transform>;

const document = {
  into: z
    .string()
    .min(1)
    .max(63)
    .optional()
    .describe("the table's name in the store, and the first part of its documents' ids; default: its own name"),
  id: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe("the documents' ids, a template with every column of the key; default: <into>/<key>"),
  select: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('the columns to carry, the whole key among them; default: all that are captured'),
  rename: z
    .record(z.string(), z.string().min(1).describe('the name in the store'))
    .optional()
    .describe('column of the source → name in the store'),
  fields: z.record(z.string().min(1), field).optional().describe('field of the store → how it is made'),
  transform: transform
    .optional()
    .describe("a TypeScript function of the worker's own, which adds fields or says that the row is not in the store"),
  filter: z
    .record(z.string(), condition)
    .optional()
    .describe(
      'column → condition, compared as text: only rows that meet all of them are in the store; a row that leaves it is deleted',
    ),
  where: predicate
    .optional()
    .describe(
      'only rows for which this is true are in the store, by the meaning of the types; a row that leaves is deleted',
    ),
};

const documentMapping = z.strictObject(document);

export const tableMapping = z.strictObject({
  ...document,
  documents: z
    .array(documentMapping)
    .min(1)
    .optional()
    .describe(
      'a row as several documents: a mapping for each, with an "into" of its own; then nothing else stands here',
    ),
});

/** One kind of document that a table's rows become. */
export type DocumentMapping = z.output<typeof documentMapping>;
export type TableMapping = z.output<typeof tableMapping>;
