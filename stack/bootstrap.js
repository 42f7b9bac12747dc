'use strict';

require('./node-version');
const fs = require('node:fs');
const path = require('node:path');
const { withLock } = require('./lock');
const { fetchBy, run } = require('./provision/command');
const { reportFailure } = require('./report-failure');

const project = path.dirname(__dirname);

/**
 * @typedef {Record<string, { version?: string, optional?: boolean, peer?: boolean, link?: boolean }>} LockedPackages
 * @typedef {{ report: (text: string, done?: 'done') => void, signal: AbortSignal | undefined }} Request
 */

/**
 * npm keeps a lock of what it really installed and writes it last. Compared package by package, it tells of an absent,
 * aborted or outdated installation, whoever made it: a marker of our own would know of our own only.
 *
 * @param {LockedPackages} wanted `packages` of package-lock.json
 * @param {LockedPackages | undefined} installed `packages` of node_modules/.package-lock.json
 */
function isInstalled(wanted, installed) {
  if (installed === undefined) return false;
  return Object.entries(wanted).every(([place, { version, optional }]) => {
    if (place === '') return true;
    const found = installed[place];
    // Optional ones are mostly for other platforms, and then absent.
    return found === undefined ? optional === true : found.version === version;
  });
}

/** @param {string} file @returns {LockedPackages | undefined} */
function packagesIn(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

const lockFile = () => {
  fs.mkdirSync(path.join(project, '.slipstream'), { recursive: true });
  return path.join(project, '.slipstream', 'bootstrap.lock');
};

/** `npm ci`, when node_modules is absent or not what package-lock.json says. @param {Request} request */
async function ensureDependencies({ report, signal }) {
  const isCurrent = () =>
    isInstalled(
      packagesIn(path.join(project, 'package-lock.json')) ?? {},
      packagesIn(path.join(project, 'node_modules', '.package-lock.json')),
    );
  if (isCurrent()) return report('up to date', 'done');
  const onWait = (/** @type {{ pid: number }} */ { pid }) => report(`waiting for pid ${pid}, which installs or builds`);
  await withLock({ file: lockFile(), onWait, signal }, async () => {
    if (isCurrent()) return;
    report('npm ci');
    await fetchBy({
      what: 'npm ci',
      command: 'npm',
      args: ['ci', '--no-audit', '--no-fund'],
      cwd: project,
      logFile: path.join(project, '.slipstream', 'npm-ci.log'),
      cure: 'Check the network and the npm registry in use (npm config get registry), then run it again.',
      signal,
    });
  });
  report('installed', 'done');
}

/** Compiles into dist/. The compiler keeps what has not changed. @param {Request} request */
async function ensureBuild({ report, signal }) {
  await withLock({ file: lockFile(), signal }, async () => {
    report('npm run build');
    await run({
      what: 'npm run build',
      command: 'npm',
      args: ['run', '--silent', 'build'],
      cwd: project,
      logFile: path.join(project, '.slipstream', 'build.log'),
      cure: 'Correct what the compiler names, then run it again.',
      signal,
    });
  });
  report('compiled', 'done');
}

// `node stack/bootstrap.js`: for scripts that go on with npm commands of their own.
if (require.main === module) {
  const report = (/** @type {string} */ text) => console.error(`  npm packages: ${text}`);
  ensureDependencies({ report, signal: undefined }).catch(reportFailure);
}

module.exports = { ensureDependencies, ensureBuild, isInstalled, project };
