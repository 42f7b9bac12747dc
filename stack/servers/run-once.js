'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { StackFailure } = require('../failure');
const { lastLines } = require('../log-tail');

/**
 * A step before a server starts: making its data folder.
 *
 * @param {object} request
 * @param {string} request.what
 * @param {string} request.command
 * @param {string[]} request.args
 * @param {string} request.cwd
 * @param {Record<string, string>} request.env
 * @param {import('./account').Account | undefined} request.account
 * @param {string} request.logFile
 * @returns {Promise<void>}
 */
function runOnce({ what, command, args, cwd, env, account, logFile }) {
  fs.mkdirSync(path.dirname(logFile), { recursive: true, mode: 0o755 });
  const log = fs.openSync(logFile, 'w');
  /** @type {Promise<void>} */
  const done = new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', log, log], ...account });
    child.once('error', (error) => reject(new StackFailure(`${what}: cannot run "${command}": ${error.message}.`)));
    child.once('exit', (code, signal) => {
      if (code === 0) return resolve();
      reject(
        new StackFailure(
          `${what} failed (${signal ?? `exit code ${code}`}) in ${cwd}. Its log is ${logFile}; it ends with:\n${lastLines(logFile, 12)}`,
        ),
      );
    });
  });
  return done.finally(() => fs.closeSync(log));
}

module.exports = { runOnce };
