/**
 * Why one record cannot become its document: the column, field or transform, and what is wrong, never the value. Caught by
 * `createMapping`, which knows table and key.
 */
export class Unmappable extends Error {
  override readonly name = 'Unmappable';
}
