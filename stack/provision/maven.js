'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { withLock } = require('../lock');
const { installLog } = require('./cache');
const { fetchBy } = require('./command');
const { findMaven } = require('./toolchain');

/** A server that says nothing is given up after two minutes instead of thirty: the first for Maven 3.8, the others since. */
const silenceBounds = [
  '-Dmaven.wagon.rto=120000',
  '-Daether.connector.requestTimeout=120000',
  '-Daether.connector.connectTimeout=30000',
];

/**
 * Runs one goal of the dependency plugin on a pinned pom. The pom is copied: Maven writes beside the one it is given,
 * and the project may be read-only.
 *
 * @param {object} request
 * @param {string} request.name of the installation
 * @param {string} request.title
 * @param {string} request.insteadOf variable that makes Maven unnecessary
 * @param {'kafka' | 'elasticsearch' | 'redis'} request.part
 * @param {string} request.java
 * @param {string} request.directory
 * @param {string[]} request.goal
 * @param {import('./ways').Surroundings} request.surroundings
 */
async function runMaven({ name, title, insteadOf, part, java, directory, goal, surroundings }) {
  const { cache, env, report, signal } = surroundings;
  const maven = await findMaven(env, title, insteadOf);
  const pom = path.join(directory, 'pom.xml');
  fs.copyFileSync(path.join(__dirname, '..', 'versions', part, 'pom.xml'), pom);
  // One Maven at a time: version 3 does not guard its repository against another, and on an empty one both would fetch
  // the same plugins. It costs little, since the first brings most of what the second needs.
  const lock = { file: path.join(cache, 'maven.lock'), onWait: () => report('waiting for another Maven'), signal };
  await withLock(lock, () =>
    fetchBy({
      what: `Maven, fetching ${title}`,
      command: maven,
      args: ['--batch-mode', '--no-transfer-progress', ...silenceBounds, '--file', pom, ...goal],
      cwd: directory,
      // The Java that was chosen, not the one that Maven's script would choose.
      env: { JAVA_HOME: path.dirname(path.dirname(java)) },
      logFile: installLog(cache, name),
      cure: `Check the network and Maven's mirrors (settings.xml), then run it again: it goes on where it ended. Or set ${insteadOf}.`,
      signal,
    }),
  );
}

module.exports = { runMaven };
