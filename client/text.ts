/** Small pieces of aligned text for a terminal of fixed width. Pure. */

const colours = { red: 31, green: 32, yellow: 33, cyan: 36, dim: 2, bold: 1 } as const;
export type Colour = keyof typeof colours;

/** Colours are put on after widths are settled: escape sequences take no room on the screen but count in a string. */
export type Paint = (text: string, colour: Colour | null) => string;

export function painter(colour: boolean): Paint {
  return (text, name) => (colour && name !== null && text !== '' ? `\u001b[${colours[name]}m${text}\u001b[0m` : text);
}

export function left(text: string, width: number): string {
  return fit(text, width).padEnd(width);
}

export function right(text: string, width: number): string {
  return fit(text, width).padStart(width);
}

/** Cut with a mark, so that a cut number is not taken for a whole one. */
export function fit(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

/** Whole words on lines of `width`; a word that is longer is cut to pieces. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    for (const piece of word.match(new RegExp(`.{1,${width}}`, 'gu')) ?? []) {
      if (line !== '' && line.length + 1 + piece.length > width) {
        lines.push(line);
        line = '';
      }
      line = line === '' ? piece : `${line} ${piece}`;
    }
  }
  return line === '' ? lines : [...lines, line];
}

/** `done` of `total` as a bar with per cent; with an unknown total only the count. */
export function bar(done: number, total: number | null, width: number): string {
  if (total === null || total <= 0) return `${count(done)} rows`;
  const share = Math.min(1, done / total);
  const filled = Math.floor(share * width);
  return `[${'#'.repeat(filled)}${'-'.repeat(width - filled)}] ${right(String(Math.floor(share * 100)), 3)} %`;
}

/** 1234567 → `1,234,567`. */
export function count(number: number): string {
  return Math.round(number).toLocaleString('en-US');
}

export function rate(perSecond: number | null): string {
  if (perSecond === null) return '-';
  return perSecond < 100 ? perSecond.toFixed(1) : count(perSecond);
}

/** Seconds with one decimal, minutes and hours beyond. */
export function duration(seconds: number): string {
  if (seconds < 100) return `${seconds.toFixed(1)} s`;
  if (seconds < 6_000) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3_600).toFixed(1)} h`;
}

/** How long `missing` takes at that rate, in words; null when it does not end at that rate. */
export function timeLeft(missing: number, perSecond: number): string | null {
  if (missing <= 0 || perSecond <= 0) return null;
  return howLong(Math.ceil(missing / perSecond));
}

export function howLong(seconds: number): string {
  if (seconds < 100) return `about ${seconds} s left`;
  if (seconds < 6_000) return `about ${Math.round(seconds / 60)} min left`;
  // Nobody plans by it; it says that something is wrong.
  if (seconds > 100 * 86_400) return 'more than 100 days left';
  return `about ${(seconds / 3_600).toFixed(1)} h left`;
}

export function bytes(number: number): string {
  if (number < 10_000) return `${count(number)} B`;
  return number < 10_000_000 ? `${count(number / 1024)} KiB` : `${count(number / 1024 / 1024)} MiB`;
}
