'use strict';

const { titles } = require('./parts');

/** @typedef {import('./index').Part | 'dependencies' | 'build'} Row */

/** @type {Record<Row, string>} */
const names = { dependencies: 'npm packages', build: 'Slipstream', ...titles };

/**
 * One line for everything that goes on: what it is, and for how long. On a terminal the lines are written over;
 * elsewhere (CI logs) a line is printed when something changes, and every 30 s so that nobody takes a build for a hang.
 *
 * @param {NodeJS.WriteStream} stream
 */
function showProgress(stream) {
  const begin = Date.now();
  /** @type {Map<Row, { text: string, since: number, until: number | undefined, printedAt: number }>} */
  const rows = new Map();
  let drawn = 0;
  /** @param {Row} row */
  const line = (row) => {
    const { text, since, until } = /** @type {{ text: string, since: number, until: number | undefined }} */ (
      rows.get(row)
    );
    const seconds = Math.round(((until ?? Date.now()) - since) / 1000);
    return `  ${names[row].padEnd(14)} ${String(seconds).padStart(4)} s  ${text}`;
  };
  const redraw = () => {
    const width = stream.columns || 100;
    const up = drawn > 0 ? `\x1b[${drawn}A` : '';
    stream.write(up + [...rows.keys()].map((row) => `\x1b[2K${line(row).slice(0, width - 1)}\n`).join(''));
    drawn = rows.size;
  };
  const remind = () => {
    for (const [row, state] of rows) {
      if (state.until !== undefined || Date.now() - state.printedAt < 30_000) continue;
      state.printedAt = Date.now();
      stream.write(`${line(row)}\n`);
    }
  };
  const timer = setInterval(stream.isTTY ? redraw : remind, stream.isTTY ? 500 : 5_000);
  timer.unref();

  return {
    /** @param {Row} row @param {string} text @param {'done'} [done] its clock stands still from now on */
    report(row, text, done) {
      const since = rows.get(row)?.since ?? Date.now();
      rows.set(row, { text, since, until: done && Date.now(), printedAt: Date.now() });
      if (stream.isTTY) redraw();
      else stream.write(`${line(row)}\n`);
    },
    end() {
      clearInterval(timer);
      if (stream.isTTY && drawn > 0) redraw();
      drawn = 0;
      rows.clear();
      return (Date.now() - begin) / 1000;
    },
  };
}

/**
 * The bill: how each part came, how long that took, and how long it took to start.
 *
 * @param {import('./index').Supplies} supplies
 * @param {Partial<Record<import('./index').Part, number>>} launchSeconds
 */
function timings(supplies, launchSeconds) {
  const seconds = (/** @type {number | undefined} */ value) =>
    (value === undefined ? '-' : `${value.toFixed(1)} s`).padStart(9);
  const rows = Object.values(supplies).map(({ part, source, version, seconds: found }) =>
    [
      '  ',
      titles[part].padEnd(15),
      version.padEnd(10),
      source.padEnd(12),
      seconds(found),
      seconds(launchSeconds[part]),
    ].join(''),
  );
  return [`  ${''.padEnd(25)}${'from'.padEnd(12)}${'to find'.padStart(9)}${'to start'.padStart(9)}`, ...rows].join(
    '\n',
  );
}

module.exports = { showProgress, timings };
