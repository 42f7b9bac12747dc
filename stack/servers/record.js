'use strict';

const fs = require('node:fs');
const path = require('node:path');

/**
 * What is known of a server, kept beside its data: any process that can read it can stop or restart the server. One
 * file a part, since two processes may write about two servers at once.
 *
 * @typedef {object} ServerRecord
 * @property {import('../index').Part} part
 * @property {string} address
 * @property {boolean} external
 * @property {string} version
 * @property {import('../processes/identity').Identity | undefined} [leader] of the process group; kept after its end, for what it left behind
 * @property {import('./launch').Ports} ports
 * @property {string} command
 * @property {string[]} args
 * @property {string} cwd
 * @property {Record<string, string>} env
 * @property {import('./account').Account | undefined} [account]
 * @property {string} logFile
 *
 * @typedef {object} StackRecord `stack.json`
 * @property {import('../processes/identity').Identity} owner the process that has to end the servers
 * @property {readonly import('../index').Part[]} parts
 * @property {string} temporalBinary
 */

/**
 * Renamed into place: a reader, and a process that is killed while it writes, never leave half a file.
 *
 * @param {string} file
 * @param {unknown} value
 */
function writeJson(file, value) {
  const draft = `${file}.${process.pid}.partial`;
  fs.writeFileSync(draft, `${JSON.stringify(value, null, 2)}\n`);
  fs.renameSync(draft, file);
}

/** @param {string} file @returns {any} undefined when there is none */
function readJson(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** @param {string} directory @param {import('../index').Part} part */
const serverFile = (directory, part) => path.join(directory, `${part}.json`);

/** @param {string} directory @param {import('../index').Part} part @returns {ServerRecord | undefined} */
const readServer = (directory, part) => readJson(serverFile(directory, part));

/** @param {string} directory @param {ServerRecord} record */
const writeServer = (directory, record) => writeJson(serverFile(directory, record.part), record);

/** @param {string} directory @returns {StackRecord | undefined} */
const readStack = (directory) => readJson(path.join(directory, 'stack.json'));

/** @param {string} directory @param {StackRecord} record */
const writeStack = (directory, record) => writeJson(path.join(directory, 'stack.json'), record);

module.exports = { readServer, writeServer, readStack, writeStack };
