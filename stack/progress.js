'use strict';

const { titles } = require('./parts');

/** @typedef {import('./index').Part} Part */

/**
 * One line a part: what is going on, and for how long. On a terminal the lines are written over; elsewhere (CI logs) a
 * line is printed when something changes, and every 30 s so that nobody takes a build for a hang.
 *
 * @param {NodeJS.WriteStream} stream
 */
function showProgress(stream) {
  /** @type {Map<Part, { text: string, since: number, printedAt: number }>} */
  const lines = new Map();
  let drawn = 0;
  const begin = Date.now();
  const lineOf = (/** @type {Part} */ part, /** @type {string} */ text, /** @type {number} */ since) =>
    `  ${titles[part].padEnd(14)} ${String(Math.round((Date.now() - since) / 1000)).padStart(4)} s  ${text}`;

  const redraw = () => {
    if (drawn > 0) stream.write(`\x1b[${drawn}A`);
    const width = stream.columns || 100;
    for (const [part, { text }] of lines) stream.write(`\x1b[2K${lineOf(part, text, begin).slice(0, width - 1)}\n`);
    drawn = lines.size;
  };
  const remind = () => {
    for (const [part, line] of lines) {
      if (Date.now() - line.printedAt < 30_000 || line.text.startsWith('ready') || line.text.endsWith(')')) continue;
      line.printedAt = Date.now();
      stream.write(`${lineOf(part, line.text, begin)}\n`);
    }
  };
  const timer = setInterval(stream.isTTY ? redraw : remind, stream.isTTY ? 500 : 5_000);
  timer.unref();

  return {
    /** @type {import('./index').Report} */
    report(part, text) {
      lines.set(part, { text, since: Date.now(), printedAt: Date.now() });
      if (stream.isTTY) redraw();
      else stream.write(`${lineOf(part, text, begin)}\n`);
    },
    end() {
      clearInterval(timer);
      if (stream.isTTY) redraw();
    },
  };
}

/**
 * @param {import('./index').Supplies} supplies
 * @param {Partial<Record<Part, number>>} launchSeconds
 */
function timings(supplies, launchSeconds) {
  const rows = Object.values(supplies).map(({ part, source, version, seconds }) => {
    const launched = launchSeconds[part];
    return (
      `  ${titles[part].padEnd(14)} ${version.padEnd(10)} ${source.padEnd(12)} found in ${seconds.toFixed(1).padStart(6)} s` +
      (launched === undefined ? '' : `, up in ${launched.toFixed(1).padStart(5)} s`)
    );
  });
  return rows.join('\n');
}

module.exports = { showProgress, timings };
