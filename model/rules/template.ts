import type { Row } from '../change';

/** A piece of a template: text as it is, or a column's text. */
export type TemplatePart =
  | { readonly text: string }
  | {
      readonly column: string;
      /** In place of NULL; null: NULL makes the whole NULL. */ readonly otherwise: string | null;
    };

/** `{column}`, `{column|in place of NULL}`, and `{{`, `}}` for braces. A text says what is wrong. */
export function parseTemplate(template: string): readonly TemplatePart[] | string {
  const parts: TemplatePart[] = [];
  const piece = /([^{}]+)|(\{\{|\}\})|\{([^{}|]+)(?:\|([^{}]*))?\}/y;
  let text = '';
  while (piece.lastIndex < template.length) {
    const at = piece.lastIndex;
    const match = piece.exec(template);
    if (!match) return `the brace at character ${at + 1} opens no {column}, or closes none`;
    const [, plain, brace, column, otherwise] = match;
    if (column === undefined) {
      text += plain ?? brace?.charAt(0) ?? '';
      continue;
    }
    if (text !== '') parts.push({ text });
    text = '';
    parts.push({ column, otherwise: otherwise ?? null });
  }
  return text === '' ? parts : [...parts, { text }];
}

export function columnsOfTemplate(parts: readonly TemplatePart[]): readonly string[] {
  return parts.flatMap((part) => ('column' in part ? [part.column] : []));
}

/** A field's text. NULL in a column without a text in its place makes the whole NULL, as `||` does in SQL. */
export function fillTemplate(parts: readonly TemplatePart[], row: Row): string | null {
  let filled = '';
  for (const part of parts) {
    const text = 'text' in part ? part.text : (row[part.column] ?? part.otherwise);
    if (text === null) return null;
    filled += String(text);
  }
  return filled;
}
