import { isDelete, type Mutation } from '../../model/mutation';
import { idField } from './names';

/** NDJSON of one mutation: the action and, unless it is a delete, the document. */
export function encodeAction(mutation: Mutation): string {
  const { id, version } = mutation;
  const quoted = JSON.stringify(id);
  // The version as text: as a JSON number it would lose digits above 2^53.
  const action = `{"_id":${quoted},"version":"${version}","version_type":"external"}`;
  if (isDelete(mutation)) return `{"delete":${action}}\n`;
  const body = (mutation.row?.text ?? JSON.stringify(mutation.document)).slice(1);
  return `{"index":${action}}\n{"${idField}":${quoted}${body === '}' ? '' : ','}${body}\n`;
}
