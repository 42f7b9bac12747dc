/** Where lines go: the part of a terminal's stream that is needed. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

/** Colours only for people, and only if they have not declined (https://no-color.org). */
export function wantsColour(output: Output, environment: Readonly<Record<string, string | undefined>>): boolean {
  return output.isTTY === true && (environment['NO_COLOR'] ?? '') === '' && environment['TERM'] !== 'dumb';
}

/** A picture that is drawn over its predecessor. On a stream that is no terminal it is never used. */
export function createScreen(output: Output): { draw(lines: readonly string[]): void } {
  let drawn = 0;
  return {
    draw(lines) {
      // A picture taller than the terminal would scroll, and moving up by its height would then end elsewhere.
      const visible = lines.slice(0, Math.max(1, (output.rows ?? 40) - 1));
      const up = drawn > 0 ? `\u001b[${drawn}A` : '';
      output.write(`${up}${visible.map((line) => `\u001b[2K${line}\n`).join('')}\u001b[J`);
      // What is narrower than our lines folds them.
      drawn = visible.reduce((sum, line) => sum + rowsOf(line, output.columns ?? Infinity), 0);
    },
  };
}

const colourCodes = new RegExp(`${String.fromCharCode(27)}\\[[0-9]+m`, 'g');

function rowsOf(line: string, columns: number): number {
  return Math.max(1, Math.ceil(line.replace(colourCodes, '').length / columns));
}
