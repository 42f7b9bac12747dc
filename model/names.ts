import { parseTableName } from './change';

/** Names that `sync/<pipeline>/<name>` needs for itself. */
const reserved: ReadonlySet<string> = new Set(['capture', 'sync', 'audit']);

export function isReservedStoreName(name: string): boolean {
  return reserved.has(name);
}

export function syncWorkflowId(pipeline: string): string {
  return `sync/${pipeline}`;
}

export function captureWorkflowId(pipeline: string): string {
  return `sync/${pipeline}/capture`;
}

export function followWorkflowId(pipeline: string, store: string): string {
  return `sync/${pipeline}/${store}`;
}

/** Names in the source and the log that follow from the pipeline's name alone. */
export function resourceNames(pipeline: string): { slot: string; publication: string; transactionalId: string } {
  const underscored = `slipstream_${pipeline.replaceAll('-', '_')}`;
  return { slot: underscored, publication: underscored, transactionalId: `slipstream-${pipeline}` };
}

/** The topic of a table: `<prefix>.<schema>.<table>`. What Kafka does not allow in names is escaped, one to one. */
export function tableTopic(prefix: string, table: string): string {
  const name = parseTableName(table);
  return `${prefix}.${topicPart(name.schema)}.${topicPart(name.table)}`;
}

/** Table topics have three parts, so names of two are free whatever the tables are called. */
export function positionsTopic(prefix: string): string {
  return `${prefix}.positions`;
}

/** Holds what the tables were, version by version. */
export function schemasTopic(prefix: string): string {
  return `${prefix}.schemas`;
}

function topicPart(text: string): string {
  return text.replace(/[^A-Za-z0-9_]/gu, (character) => `-${(character.codePointAt(0) ?? 0).toString(16)}-`);
}

/** The id of a row's document: target and key, joined so that two different ones never meet. */
export function documentId(target: string, keyValues: readonly unknown[]): string {
  return [target, ...keyValues.map(String)].map(idPart).join('/');
}

function idPart(text: string): string {
  // Nearly all ids are plain, and this is done for every record.
  return !/[%/]/.test(text) ? text : text.replace(/[%/]/g, (character) => (character === '%' ? '%25' : '%2F'));
}

/** The private task queue of one worker: slices come back here while its session is warm. */
export function privateTaskQueue(taskQueue: string, workerId: string): string {
  return `${taskQueue}-slices-${workerId}`;
}

export function slicesTaskQueue(taskQueue: string): string {
  return `${taskQueue}-slices`;
}
