/** What people list and filter syncs by in the web UI, with Temporal's names of the types. */
export const searchAttributes = {
  SyncPipeline: 'Keyword',
  SyncStore: 'Keyword',
  SyncStatus: 'Keyword',
  SyncGeneration: 'Int',
} as const;
