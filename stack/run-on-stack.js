'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { randomUUID } = require('node:crypto');
const { spawn } = require('node:child_process');
const { project } = require('./bootstrap');
const { temporaryDirectory } = require('./directories');
const { getReady } = require('./get-ready');
const { endTree } = require('./processes/ending');
const { identityOf } = require('./processes/identity');
const { killMarked } = require('./processes/left-behind');
const { showProgress, timings } = require('./progress');
const { openStack } = require('./open');
const { untilSignal } = require('./until-signal');

/** In the environment of the program and of all that it starts: by it they are found at the end. */
const sessionVariable = 'SLIPSTREAM_SESSION';

/** @type {import('./index').StackOptions} */
const forTests = { durable: false, quickStart: true, kafkaHeap: '512m', elasticsearchHeap: '512m' };

/**
 * Runs one of our programs (Jest, the fault runner, a bench) with a stack of its own, and leaves nothing: no process, and no
 * files unless it failed. The program has the addresses in its environment, under SLIPSTREAM_TEST_*, and SLIPSTREAM_TEST_STACK for `attachStack`.
 *
 * @param {object} request
 * @param {string} request.name of the temporary folder
 * @param {readonly import('./index').Part[]} request.parts
 * @param {boolean} request.build
 * @param {string[]} request.args for node
 * @param {import('./index').StackOptions} [request.options]
 * @returns {Promise<number>} exit code
 */
async function runOnStack({ name, parts, build, args, options = forTests }) {
  const stop = untilSignal();
  const progress = showProgress(process.stderr);
  const session = randomUUID();
  /** @type {string | undefined} */
  let directory;
  /** @type {import('./index').Stack | undefined} */
  let stack;
  let code = 1;
  try {
    const supplies = await getReady({ parts, build, progress, signal: stop.signal });
    /** @type {Record<string, string>} */
    let environment = {};
    if (parts.length > 0) {
      directory = temporaryDirectory(name, process.env);
      stack = await openStack({
        directory,
        parts,
        options,
        supplies,
        report: progress.report,
        signal: stop.signal,
      });
      environment = { ...stack.environment(), ...testVariables(stack.addresses, directory) };
      console.error(
        `${timings(supplies, stack.launchSeconds)}\n  ready after ${progress.end().toFixed(1)} s; logs in ${path.join(directory, 'logs')}`,
      );
    }
    progress.end();
    code = await runProgram(args, { ...environment, [sessionVariable]: session }, stop.signal);
  } finally {
    progress.end();
    const left = killMarked(sessionVariable, session);
    if (left > 0) console.error(`  ${left} processes were left behind by the program and have been killed`);
    await stack?.stop();
    // Whoever pressed Ctrl-C knows why it ended.
    if (directory !== undefined) tidy(directory, code === 0 || stop.signal.aborted);
    stop.dispose();
  }
  return code;
}

/**
 * Names of their own for what tests may fill, break and stop: an address a developer has set for other work is never met
 * by accident.
 *
 * @param {import('./index').Addresses} addresses
 * @param {string} directory
 * @returns {Record<string, string>}
 */
function testVariables({ postgres, kafka, elasticsearch, redis, temporal }, directory) {
  return {
    SLIPSTREAM_TEST_STACK: directory,
    SLIPSTREAM_TEST_POSTGRES: postgres,
    SLIPSTREAM_TEST_KAFKA: kafka,
    SLIPSTREAM_TEST_ELASTICSEARCH: elasticsearch,
    SLIPSTREAM_TEST_REDIS: redis,
    SLIPSTREAM_TEST_TEMPORAL: temporal,
  };
}

/**
 * In a process group of its own, which is ended as a whole: Jest has workers, and tests have child processes.
 *
 * @param {string[]} args
 * @param {Record<string, string>} env
 * @param {AbortSignal} signal
 * @returns {Promise<number>}
 */
async function runProgram(args, env, signal) {
  const child = spawn(process.execPath, args, {
    cwd: project,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  });
  const leader = child.pid === undefined ? undefined : identityOf(child.pid);
  /** @type {Promise<void> | undefined} */
  let ended;
  const abort = () => {
    if (leader !== undefined)
      ended = endTree({ what: args[0] ?? 'node', leader, orderly: 'SIGTERM', patienceMs: 10_000 });
  };
  signal.addEventListener('abort', abort, { once: true });
  /** @type {number | null} */
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  signal.removeEventListener('abort', abort);
  await ended;
  return signal.aborted ? 130 : (code ?? 1);
}

/** @param {string} directory @param {boolean} succeeded */
function tidy(directory, succeeded) {
  if (succeeded) return fs.rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  // The logs tell why; the data are large and tell nobody anything.
  for (const entry of fs.readdirSync(directory)) {
    if (entry !== 'logs') fs.rmSync(path.join(directory, entry), { recursive: true, force: true, maxRetries: 3 });
  }
  console.error(`The servers' logs are kept in ${path.join(directory, 'logs')}.`);
}

module.exports = { runOnStack, forTests };
