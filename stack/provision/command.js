'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { execFile, spawn } = require('node:child_process');
const { setTimeout: pause } = require('node:timers/promises');
const { StackFailure } = require('../failure');
const { lastLines } = require('../log-tail');
const { endTree } = require('../processes/ending');
const { identityOf } = require('../processes/identity');

/**
 * Asks a program something small. A program that is missing, broken or slow is an answer too.
 *
 * @param {string} command
 * @param {string[]} args
 * @returns {Promise<string | undefined>} what it printed, on either stream; undefined when it failed
 */
function ask(command, args) {
  return new Promise((resolve) => {
    execFile(command, args, { timeout: 60_000 }, (error, stdout, stderr) => {
      resolve(error ? undefined : `${stdout}${stderr}`);
    });
  });
}

/**
 * An installer outlives a killed starter, and would go on writing into folders that its successor cleans. Callers hold
 * a lock on what they install, so whoever is noted here has no starter any more.
 *
 * @param {string} logFile that of the installer
 * @param {string} what
 */
async function endForerunner(logFile, what) {
  const note = noteFor(logFile);
  if (!fs.existsSync(note)) return;
  await endTree({ what, leader: JSON.parse(fs.readFileSync(note, 'utf8')), orderly: 'SIGKILL' });
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
async function run({ what, command, args, cwd, logFile, cure, env = {}, signal }) {
  fs.mkdirSync(path.dirname(logFile), { recursive: true });
  await endForerunner(logFile, what);
  signal?.throwIfAborted();
  const log = fs.openSync(logFile, 'w');
  try {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', log, log],
      detached: true,
    });
    const leader = child.pid === undefined ? undefined : identityOf(child.pid);
    if (leader !== undefined) fs.writeFileSync(noteFor(logFile), JSON.stringify(leader));
    /** @type {string | undefined} */
    const problem = await new Promise((resolve) => {
      child.once('error', (error) => resolve(`cannot be run ("${command}": ${error.message})`));
      child.once('exit', (code, killedBy) => {
        resolve(code === 0 ? undefined : code === null ? `was ended by ${killedBy}` : `failed with exit code ${code}`);
      });
      signal?.addEventListener('abort', () => resolve('was aborted'), { once: true });
    });
    if (leader !== undefined) await endTree({ what, leader, orderly: 'SIGTERM', patienceMs: 5_000 });
    fs.rmSync(noteFor(logFile), { force: true });
    signal?.throwIfAborted();
    if (problem === undefined) return;
    throw new StackFailure(
      `${what} ${problem}. ${cure}\nIts log is ${logFile}; it ends with:\n${lastLines(logFile, 12)}`,
    );
  } finally {
    fs.closeSync(log);
  }
}

/** How long is waited before each next try: an answer that fails to come mostly comes soon after. */
const pausesMs = [3_000, 15_000];

/**
 * The same for what comes over a network, where one answer that fails to come would cost a fresh machine everything. Maven,
 * Go and npm go on where they ended; the error is the last try's.
 *
 * @param {Parameters<typeof run>[0]} request
 * @param {readonly number[]} [pauses]
 * @returns {Promise<void>}
 */
async function fetchBy(request, pauses = pausesMs) {
  for (const pauseMs of pauses) {
    try {
      return await run(request);
    } catch (error) {
      if (!(error instanceof StackFailure)) throw error;
      await pause(pauseMs, undefined, request.signal ? { signal: request.signal } : undefined);
    }
  }
  return run(request);
}

/** @param {string} logFile */
const noteFor = (logFile) => `${logFile}.running`;

module.exports = { ask, run, fetchBy, endForerunner };
