import type { Page } from 'playwright-core';
import { width } from './chromium';

/** Light, as the other pictures; by the numbers of the escape sequences. */
const colours: Readonly<Record<string, string>> = {
  31: '#b3261e',
  32: '#1a7f37',
  33: '#9a6700',
  36: '#0969da',
  2: '#6e7781',
};

const escape = String.fromCharCode(27);

/** Lines as a terminal shows them, colours included, as a page. */
export function terminalPage(command: string, lines: readonly string[]): string {
  const text = [`$ ${command}`, ...lines].map(coloured).join('\n');
  return `<!doctype html><meta charset="utf-8"><style>
    body { margin: 0; padding: 28px 36px; background: #f6f8fa; width: ${width - 72}px; }
    pre { margin: 0; font: 21px/1.45 'DejaVu Sans Mono', 'Liberation Mono', monospace; color: #1f2328; }
    .bold { font-weight: bold }
  </style><pre>${text}</pre>`;
}

function coloured(line: string): string {
  const sequence = new RegExp(`${escape}\\[(\\d+)m`);
  const [first = '', ...rest] = line.split(sequence);
  // Of what is left every other piece is a number, and the text after it is in that colour.
  const pieces = rest.flatMap((code, index) => {
    if (index % 2 === 1) return [];
    const content = escaped(rest[index + 1] ?? '');
    if (code === '1') return [`<span class="bold">${content}</span>`];
    const colour = colours[code];
    return [colour === undefined ? content : `<span style="color: ${colour}">${content}</span>`];
  });
  return `${escaped(first)}${pieces.join('')}`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

export async function takeTerminal(
  page: Page,
  picture: { readonly command: string; readonly lines: readonly string[]; readonly file: string },
): Promise<void> {
  await page.setContent(terminalPage(picture.command, picture.lines));
  const box = await page.locator('pre').boundingBox();
  const height = Math.ceil((box?.y ?? 0) + (box?.height ?? 0));
  await page.screenshot({ path: picture.file, clip: { x: 0, y: 0, width, height: height + 28 } });
}
