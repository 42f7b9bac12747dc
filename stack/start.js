'use strict';

require('./node-version');
const fs = require('node:fs');
const path = require('node:path');
const { randomUUID } = require('node:crypto');
const { setTimeout: pause } = require('node:timers/promises');
const { project } = require('./bootstrap');
const { demoDirectory } = require('./directories');
const { StackFailure } = require('./failure');
const { getReady } = require('./get-ready');
const { withLock } = require('./lock');
const { allParts } = require('./parts');
const { killMarked } = require('./processes/left-behind');
const { showProgress, timings } = require('./progress');
const { reportFailure } = require('./report-failure');
const { openStack } = require('./open');
const { untilSignal } = require('./until-signal');

/** In the environment of all that the demo starts: by it they are found at the end. */
const sessionVariable = 'SLIPSTREAM_SESSION';

/** How long the demo may take to end its worker after Ctrl-C. */
const patienceMs = 20_000;

/**
 * @typedef {{ run(request: { stack: import('./index').Stack, args: string[], signal: AbortSignal }): Promise<number | void> }} Demo
 */

/** @returns {Demo} */
function loadDemo() {
  const file = path.join(project, 'dist', 'examples', 'shop', 'demo.js');
  try {
    return require(file);
  } catch (error) {
    throw new StackFailure(
      `The demo cannot be loaded from ${path.relative(project, file)}: ${error instanceof Error ? error.message : error}. Remove dist/ and run "npm start" again, so that it is compiled anew.`,
      { cause: error },
    );
  }
}

/**
 * `npm start [-- --once]`: installs, builds and starts what is missing, then hands over to the demo of examples/shop.
 * Data stay; the next start resumes.
 */
async function main() {
  const directory = demoDirectory(project, process.env);
  fs.mkdirSync(path.dirname(directory), { recursive: true });
  await withLock({ file: `${directory}.lock`, onWait: refuse }, () => start(directory));
}

/**
 * Two at once would share servers and shop, and the traffic of one would spoil what the other compares.
 *
 * @param {import('./processes/identity').Identity | undefined} holder
 */
function refuse(holder) {
  throw new StackFailure(
    `"npm start" runs already (process ${holder?.pid ?? 'unknown'}): end it with Ctrl-C, or give this one other data with SLIPSTREAM_DATA=folder.`,
  );
}

/** @param {string} directory where the demo's data stay */
async function start(directory) {
  const args = process.argv.slice(2);
  const stop = untilSignal();
  const progress = showProgress(process.stderr);
  const session = randomUUID();
  /** @type {import('./index').Stack | undefined} */
  let stack;
  try {
    const supplies = await getReady({ parts: allParts, build: true, progress, signal: stop.signal });
    stack = await openStack({
      directory,
      options: { preferWellKnownPorts: true },
      supplies,
      report: progress.report,
      signal: stop.signal,
    });
    console.error(
      `${timings(supplies, stack.launchSeconds)}\n  ready after ${progress.end().toFixed(1)} s; data and logs in ${directory}\n`,
    );
    Object.assign(process.env, stack.environment(), { [sessionVariable]: session });

    const running = loadDemo().run({ stack, args, signal: stop.signal });
    // After Ctrl-C the demo ends its worker before the servers go; but it does not get for ever.
    const code = await Promise.race([running, stop.received.then(() => pause(patienceMs, 130, { ref: false }))]);
    process.exitCode = stop.signal.aborted ? 130 : (code ?? 0);
  } finally {
    progress.end();
    killMarked(sessionVariable, session);
    if (stop.signal.aborted) console.error('\nStopping the servers …');
    await stack?.stop();
    stop.dispose();
  }
}

// The demo may have left timers or sockets, and everything that matters is stopped.
main()
  .catch(reportFailure)
  .finally(() => process.exit());
