import type { Row } from '../change';
import { documentId } from '../names';
import { columnsOfTemplate, parseTemplate, type TemplatePart } from './template';

/**
 * An id's template is read back without doubt: two columns never touch, the text between two begins with a character that
 * is escaped in every value, and what stands before the first and behind the last is always the same. So two keys never
 * have one id. Two tables never share one either, since no beginning of one is the beginning of another
 * (pipeline-cross-checks.ts).
 */

/** Of the documents that a store keeps beside those of rows, its offsets among them. */
const reservedBeginning = '_slipstream';

/** What is wrong with an id's template as it stands, without its table; null: nothing. */
export function idProblem(template: string): string | null {
  const parts = parseTemplate(template);
  if (typeof parts === 'string') return `${parts}.`;
  const columns = columnsOfTemplate(parts);
  if (columns.length === 0) return 'it names no column: all rows would be one document.';
  if (parts.some((part) => 'column' in part && part.otherwise !== null))
    return 'a key is never NULL: write {column} alone.';
  if (parts.some((part) => 'text' in part && !/^[\x21-\x24\x26-\x7e]+$/.test(part.text))) {
    return 'its text may have ASCII characters only, without blanks and %.';
  }
  if (idBeginning(template).startsWith('_')) return 'ids that begin with _ are reserved.';
  const touching = parts.some((part, at) => 'column' in part && at > 0 && 'column' in (parts[at - 1] ?? part));
  if (touching) return 'two columns touch: a text has to stand between them.';
  const inner = innerTexts(parts);
  if (inner.some((text) => /^[A-Za-z0-9]/.test(text))) {
    return 'the text between two columns has to begin with a character that is neither letter nor digit.';
  }
  return null;
}

/** What every id of this template begins with. */
export function idBeginning(template: string): string {
  const parts = parseTemplate(template);
  const first = typeof parts === 'string' ? undefined : parts[0];
  return first && 'text' in first ? first.text : '';
}

/** The id of a key: by the template, which has no problem, or `<target>/<key>`. */
export function idRule(target: string, template: string | undefined): (key: Row) => string {
  if (template === undefined) return (key) => documentId(target, Object.values(key));
  const parts = parseTemplate(template);
  if (typeof parts === 'string') throw new RangeError(parts);
  const separators = innerTexts(parts).map((text) => text.charAt(0));
  const escaped = new Set(['%', '/', ...separators]);
  const escape = (text: string) => {
    let result = '';
    for (const character of text) {
      result += escaped.has(character)
        ? `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
        : character;
    }
    return result;
  };
  return (key) => {
    const id = parts.map((part) => ('text' in part ? part.text : escape(String(key[part.column] ?? '')))).join('');
    // A key's own text may stand first, and '{a}/{b}' would be the record of a lane. No other key makes a % here.
    return id.startsWith(reservedBeginning) ? `%5F${id.slice(1)}` : id;
  };
}

/** Texts that have a column on both sides. */
function innerTexts(parts: readonly TemplatePart[]): string[] {
  return parts.flatMap((part, at) => ('text' in part && at > 0 && at < parts.length - 1 ? [part.text] : []));
}
