'use strict';

const fs = require('node:fs');
const { identityOf, listProcesses, treeOf } = require('./identity');
const { signalAll } = require('./ending');

/** @typedef {import('./identity').Identity} Identity */

/**
 * Processes that were started, at whatever remove, with our marker in their environment. A worker whose parent was
 * killed hangs on init and is in nobody's tree; where there is no /proc to read, only our own descendants are found.
 *
 * @param {string} name
 * @param {string} value
 * @returns {Identity[]}
 */
function marked(name, value) {
  const self = /** @type {Identity} */ (identityOf(process.pid));
  if (!fs.existsSync('/proc/self/environ')) return treeOf(self).filter((one) => one.pid !== self.pid);
  return listProcesses().filter(({ pid, gone }) => {
    if (gone || pid === process.pid) return false;
    try {
      return fs.readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`${name}=${value}`);
    } catch {
      // It ended meanwhile, or belongs to another user and so was not started by us.
      return false;
    }
  });
}

/**
 * Kills what bears the marker and tells how many there were.
 *
 * @param {string} name
 * @param {string} value
 */
function killMarked(name, value) {
  const found = marked(name, value);
  signalAll(found, 'SIGKILL');
  return found.length;
}

module.exports = { marked, killMarked };
