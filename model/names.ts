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

/** Kafka's limit on names of topics, which are ASCII. */
const topicCharacters = 249;

/**
 * The topic of a table: `<prefix>.<schema>.<table>`. What Kafka does not allow in names is escaped, one to one. Where that
 * would make the name too long (63 dots are 252 characters), both parts are written in base64, behind two dashes that no
 * escaped name begins with: 214 characters at most.
 */
export function tableTopic(prefix: string, table: string): string {
  const name = parseTableName(table);
  const parts = [name.schema, name.table];
  const topic = [prefix, ...parts.map(topicPart)].join('.');
  return topic.length <= topicCharacters ? topic : [prefix, ...parts.map((part) => `--${base64(part)}`)].join('.');
}

/** Table topics have three parts, so names of two are free whatever the tables are called. */
export function positionsTopic(prefix: string): string {
  return `${prefix}.positions`;
}

/** Holds what the tables were, version by version. */
export function schemasTopic(prefix: string): string {
  return `${prefix}.schemas`;
}

/** Holds logical messages, keyed by their prefix. */
export function messagesTopic(prefix: string): string {
  return `${prefix}.messages`;
}

/** Holds the records that one store could not take. Three parts, like a table's: the pipeline's checks keep them apart. */
export function parkedTopic(prefix: string, store: string): string {
  return `${prefix}.${store}.parked`;
}

/**
 * Of the one who may write what a lane parks. Prefix and store may hold dashes, and two lanes of one name would fence each other
 * out for ever: between them stands what neither may hold.
 */
export function parkedTransactionalId(
  prefix: string,
  lane: { store: string; generation: number; lane: number },
): string {
  return `slipstream-${prefix}/${lane.store}-g${lane.generation}-lane${lane.lane}-parked`;
}

function topicPart(text: string): string {
  return text.replace(/[^A-Za-z0-9_]/gu, (character) => `-${(character.codePointAt(0) ?? 0).toString(16)}-`);
}

const base64Characters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Of the text's UTF-8, URL-safe and unpadded. By hand: workflows know neither Buffer nor btoa. */
function base64(text: string): string {
  const bytes = [...encodeURIComponent(text).matchAll(/%(..)|[^%]/g)].map(([whole, hex]) =>
    hex === undefined ? whole.charCodeAt(0) : parseInt(hex, 16),
  );
  let bits = 0;
  let held = 0;
  let written = '';
  for (const byte of bytes) {
    held = (held << 8) | byte;
    for (bits += 8; bits >= 6; bits -= 6) written += base64Characters[(held >> (bits - 6)) & 63] ?? '';
    held &= 63;
  }
  return bits === 0 ? written : written + (base64Characters[(held << (6 - bits)) & 63] ?? '');
}

/** Kafka keeps metrics by names in which dots are underscores, and refuses a topic that differs from another in that alone. */
export function sameToKafka(topic: string, other: string): boolean {
  return topic.replaceAll('.', '_') === other.replaceAll('.', '_');
}

/** The id of a row's document: target and key, joined so that two different ones never meet. */
export function documentId(target: string, keyValues: readonly unknown[]): string {
  let id = idPart(target);
  for (const value of keyValues) id += `/${idPart(String(value))}`;
  return id;
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
