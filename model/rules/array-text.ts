/** Elements of a PostgreSQL array, as texts; lists in lists for several dimensions. */
export type ArrayElements = readonly (string | null | ArrayElements)[];

/** Of PostgreSQL's text form (its manual, "Array Input and Output Syntax"); null: no array. Bounds are passed over. */
export function parseArray(text: string): ArrayElements | null {
  const start = text.startsWith('[') ? text.indexOf('=') + 1 : 0;
  const token = /([{}])|"((?:[^"\\]|\\.)*)"|([^{},"\\]+)|,/gsy;
  token.lastIndex = start;
  const open: (string | null | ArrayElements)[][] = [];
  let whole: ArrayElements | null = null;
  while (token.lastIndex < text.length) {
    const match = token.exec(text);
    if (!match || whole) return null;
    const [, brace, quoted, plain] = match;
    const inside = open.at(-1);
    if (brace === '{') open.push([]);
    else if (brace === '}') {
      const ended = open.pop();
      if (!ended) return null;
      const around = open.at(-1);
      if (around) around.push(ended);
      else whole = ended;
    } else if (!inside) return null;
    else if (quoted !== undefined) inside.push(quoted.replace(/\\(.)/gs, '$1'));
    else if (plain !== undefined) inside.push(plain === 'NULL' ? null : plain);
  }
  return whole;
}
