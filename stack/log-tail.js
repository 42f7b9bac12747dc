'use strict';

const fs = require('node:fs');

/**
 * The end of a log, indented, for an error message.
 *
 * @param {string} file
 * @param {number} count
 */
function lastLines(file, count) {
  try {
    const size = fs.statSync(file).size;
    const bytes = Buffer.alloc(Math.min(size, 16_384));
    const descriptor = fs.openSync(file, 'r');
    try {
      fs.readSync(descriptor, bytes, 0, bytes.length, size - bytes.length);
    } finally {
      fs.closeSync(descriptor);
    }
    const lines = bytes.toString('utf8').trimEnd().split('\n').slice(-count);
    return lines.map((line) => `    ${line}`).join('\n');
  } catch {
    return '    (the log cannot be read)';
  }
}

module.exports = { lastLines };
