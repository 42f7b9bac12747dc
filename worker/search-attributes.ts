import type { NativeConnection } from '@temporalio/worker';
import { temporal } from '@temporalio/proto';
import { searchAttributes } from '../model/search-attributes';

const { INDEXED_VALUE_TYPE_INT, INDEXED_VALUE_TYPE_KEYWORD } = temporal.api.enums.v1.IndexedValueType;
const types = { Keyword: INDEXED_VALUE_TYPE_KEYWORD, Int: INDEXED_VALUE_TYPE_INT } as const;

/** Makes them known to the namespace; those that are known stay. Repeatable, also from several workers at once. */
export async function registerSearchAttributes(connection: NativeConnection, namespace: string): Promise<void> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const wanted = Object.entries(searchAttributes).map(([name, type]) => [name, types[type]] as const);
  const missing = wanted.filter(([name]) => !(name in (customAttributes ?? {})));
  if (missing.length === 0) return;
  try {
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: Object.fromEntries(missing) });
  } catch (error) {
    // Another worker was faster: what counts is that they are there.
    const { customAttributes: now } = await connection.operatorService.listSearchAttributes({ namespace });
    if (missing.some(([name]) => !(name in (now ?? {})))) throw error;
  }
}
