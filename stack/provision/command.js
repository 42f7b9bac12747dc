'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { execFile, spawn } = require('node:child_process');
const { StackFailure } = require('../failure');
const { lastLines } = require('../log-tail');

/**
 * Asks a program something small. A program that is missing, broken or slow is an answer too.
 *
 * @param {string} command
 * @param {string[]} args
 * @returns {Promise<string | undefined>} what it printed, on either stream; undefined when it failed
 */
function ask(command, args) {
  return new Promise((resolve) => {
    execFile(command, args, { timeout: 20_000 }, (error, stdout, stderr) => {
      resolve(error ? undefined : `${stdout}${stderr}`);
    });
  });
}

/**
 * Runs an installer, its output in a file.
 *
 * It gets a process group of its own: Maven and Go start children, and an abort has to reach them all.
 *
 * @param {object} request
 * @param {string} request.what a noun for the error: "Maven, fetching Kafka"
 * @param {string} request.command
 * @param {string[]} request.args
 * @param {string} request.cwd
 * @param {string} request.logFile
 * @param {string} request.cure what to do when it fails
 * @param {Record<string, string>} [request.env] on top of ours
 * @param {AbortSignal | undefined} [request.signal]
 * @returns {Promise<void>}
 */
function run({ what, command, args, cwd, logFile, cure, env = {}, signal }) {
  fs.mkdirSync(path.dirname(logFile), { recursive: true });
  const log = fs.openSync(logFile, 'w');
  /** @type {Promise<void>} */
  const done = new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', log, log],
      detached: true,
    });
    const abort = () => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
    };
    signal?.addEventListener('abort', abort, { once: true });
    child.once('error', (error) =>
      reject(new StackFailure(`${what}: cannot run "${command}": ${error.message}. ${cure}`)),
    );
    child.once('exit', (code, killedBy) => {
      signal?.removeEventListener('abort', abort);
      if (signal?.aborted) return reject(signal.reason);
      if (code === 0) return resolve();
      const end = code === null ? `was ended by ${killedBy}` : `failed with exit code ${code}`;
      reject(
        new StackFailure(`${what} ${end}. ${cure}\nIts log is ${logFile}; it ends with:\n${lastLines(logFile, 12)}`),
      );
    });
  });
  return done.finally(() => fs.closeSync(log));
}

module.exports = { ask, run };
