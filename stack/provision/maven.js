'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { run } = require('./command');
const { findMaven } = require('./toolchain');

/**
 * Runs one goal of the dependency plugin on a pinned pom. The pom is copied: Maven writes beside the one it is given,
 * and the project may be read-only.
 *
 * @param {object} request
 * @param {string} request.title
 * @param {string} request.insteadOf variable that makes Maven unnecessary
 * @param {'kafka' | 'elasticsearch'} request.part
 * @param {string} request.java
 * @param {string} request.directory
 * @param {string[]} request.goal
 * @param {string} request.logFile
 * @param {NodeJS.ProcessEnv} request.env
 * @param {AbortSignal | undefined} request.signal
 */
async function runMaven({ title, insteadOf, part, java, directory, goal, logFile, env, signal }) {
  const maven = await findMaven(env, title, insteadOf);
  const pom = path.join(directory, 'pom.xml');
  fs.copyFileSync(path.join(__dirname, '..', 'versions', part, 'pom.xml'), pom);
  await run({
    what: `Maven, fetching ${title}`,
    command: maven,
    args: ['--batch-mode', '--no-transfer-progress', '--file', pom, ...goal],
    cwd: directory,
    // The Java that was chosen, not the one that Maven's script would choose.
    env: { JAVA_HOME: path.dirname(path.dirname(java)) },
    logFile,
    cure: `Check the network and Maven's mirrors (settings.xml), then run it again: it goes on where it ended. Or set ${insteadOf}.`,
    signal,
  });
}

module.exports = { runMaven };
