import type { NativeConnection } from '@temporalio/worker';
import { temporal } from '@temporalio/proto';

const { INDEXED_VALUE_TYPE_INT, INDEXED_VALUE_TYPE_KEYWORD } = temporal.api.enums.v1.IndexedValueType;

/** What people list and filter syncs by in the web UI. */
const searchAttributes = {
  SyncPipeline: INDEXED_VALUE_TYPE_KEYWORD,
  SyncStore: INDEXED_VALUE_TYPE_KEYWORD,
  SyncStatus: INDEXED_VALUE_TYPE_KEYWORD,
  SyncGeneration: INDEXED_VALUE_TYPE_INT,
};

/** Makes them known to the namespace; those that are known stay. Repeatable, also from several workers at once. */
export async function registerSearchAttributes(connection: NativeConnection, namespace: string): Promise<void> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = Object.entries(searchAttributes).filter(([name]) => !(name in (customAttributes ?? {})));
  if (missing.length === 0) return;
  try {
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: Object.fromEntries(missing) });
  } catch (error) {
    // Another worker was faster: what counts is that they are there.
    const { customAttributes: now } = await connection.operatorService.listSearchAttributes({ namespace });
    if (missing.some(([name]) => !(name in (now ?? {})))) throw error;
  }
}
