'use strict';

const fs = require('node:fs');
const path = require('node:path');
const versions = require('../versions/versions.json');
const { StackFailure } = require('../failure');
const { ask } = require('./command');
const { isAtLeast, javaMajor, versionIn } = require('./version');

/** @typedef {{ java: string, major: number, named: boolean }} Java `named`: somebody chose it, by JAVA_HOME or PATH */

const oldestJava = Number(versions.java.oldest);

/**
 * JAVA_HOME and PATH are a person's choice. Among the others the oldest that is new enough wins: Elasticsearch 8.19 and
 * Kafka 4.1 are at home on 17 to 21, and the newest JDK of a machine may be newer than what they know.
 *
 * @param {readonly Java[]} candidates in the order in which they were found
 */
function chooseJava(candidates) {
  const able = candidates.filter((one) => one.major >= oldestJava);
  return able.find((one) => one.named) ?? [...able].sort((a, b) => a.major - b.major)[0];
}

/** @param {NodeJS.ProcessEnv} env @param {NodeJS.Platform} platform @returns {Array<{ java: string, named: boolean }>} */
function javaPlaces(env, platform) {
  const places = [];
  if (env['JAVA_HOME']) places.push({ java: path.join(env['JAVA_HOME'], 'bin', 'java'), named: true });
  // On macOS /usr/bin/java is there without any Java and opens a dialog; the version probe fails and it is passed over.
  for (const folder of (env['PATH'] ?? '').split(path.delimiter)) {
    const java = path.join(folder, 'java');
    if (fs.existsSync(java)) {
      // Elasticsearch wants the home, not the link to its java.
      places.push({ java: fs.realpathSync(java), named: true });
      break;
    }
  }
  const [folder, rest] =
    platform === 'darwin'
      ? ['/Library/Java/JavaVirtualMachines', 'Contents/Home/bin/java']
      : ['/usr/lib/jvm', 'bin/java'];
  const others = fs.existsSync(folder) ? fs.readdirSync(folder).map((name) => path.join(folder, name, rest)) : [];
  for (const java of [...others, '/opt/homebrew/opt/openjdk@17/bin/java', '/usr/local/opt/openjdk@17/bin/java']) {
    if (fs.existsSync(java)) places.push({ java: fs.realpathSync(java), named: false });
  }
  return places;
}

/**
 * @param {{ env: NodeJS.ProcessEnv, platform: NodeJS.Platform }} surroundings
 * @param {string} purpose
 */
async function findJava({ env, platform }, purpose) {
  /** @type {Java[]} */
  const seen = [];
  const told = [];
  for (const place of javaPlaces(env, platform)) {
    if (seen.some((one) => one.java === place.java)) continue;
    const version = versionIn((await ask(place.java, ['-version']))?.split('version')[1] ?? '');
    if (version !== undefined) seen.push({ ...place, major: javaMajor(version) });
    told.push(`${place.java} ${version === undefined ? 'does not run' : `is ${version}`}`);
  }
  const chosen = chooseJava(seen);
  if (chosen !== undefined) return chosen.java;
  const found = told.length === 0 ? 'none was found' : told.join('; ');
  throw new StackFailure(
    `${purpose} needs Java ${oldestJava} or newer; ${found}.\n` +
      `  Debian, Ubuntu: apt-get install openjdk-17-jdk-headless\n` +
      `  macOS:          brew install openjdk@17\n` +
      `  or set JAVA_HOME to one that is installed.`,
  );
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {string} purpose
 * @param {string} insteadOf the variable that makes Maven unnecessary
 */
async function findMaven(env, purpose, insteadOf) {
  const homes = ['MAVEN_HOME', 'M2_HOME'].flatMap((name) => (env[name] ? [path.join(env[name], 'bin', 'mvn')] : []));
  for (const maven of [...homes, 'mvn']) {
    if ((await ask(maven, ['--version'])) !== undefined) return maven;
  }
  throw new StackFailure(
    `${purpose} is fetched by Maven, and no "mvn" works here.\n` +
      `  Debian, Ubuntu: apt-get install maven\n` +
      `  macOS:          brew install maven\n` +
      `  or set ${insteadOf}.`,
  );
}

/** @param {string} purpose */
async function findGo(purpose) {
  const told = [];
  // Go's own installer leaves it off PATH.
  for (const go of ['go', '/usr/local/go/bin/go']) {
    const version = versionIn((await ask(go, ['version']))?.replace(/^go version go/, '') ?? '');
    if (version !== undefined && isAtLeast(version, versions.go.oldest)) return go;
    if (version !== undefined) told.push(`"${go}" is ${version}`);
  }
  throw new StackFailure(
    `${purpose} can be built with Go ${versions.go.oldest} or newer; ${told.length === 0 ? 'none was found' : told.join('; ')}.\n` +
      `  Debian, Ubuntu: apt-get install golang-go (if that is new enough), else go.dev/doc/install\n` +
      `  macOS:          brew install go\n` +
      `  or without Go: install the Temporal CLI (brew install temporal, docs.temporal.io/cli) so that "temporal" is on PATH,\n` +
      `  or set SLIPSTREAM_TEMPORAL_BIN to its path, or TEMPORAL_ADDRESS to a server that runs.`,
  );
}

module.exports = { chooseJava, findJava, findMaven, findGo };
