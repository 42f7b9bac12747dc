'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { withLock } = require('../lock');
const { endForerunner } = require('./command');

const marker = '.installed.json';

/**
 * Outside the project, so that a clean checkout starts in seconds. Root's own home is closed to the user under whom
 * PostgreSQL and Elasticsearch have to run, hence /var/cache.
 *
 * @param {NodeJS.ProcessEnv} env
 * @param {{ isRoot: boolean, home: string }} who
 */
function cacheDirectory(env, who = { isRoot: process.getuid?.() === 0, home: os.homedir() }) {
  if (env['SLIPSTREAM_CACHE']) return path.resolve(env['SLIPSTREAM_CACHE']);
  if (who.isRoot) return '/var/cache/slipstream';
  return path.join(env['XDG_CACHE_HOME'] || path.join(who.home, '.cache'), 'slipstream');
}

/**
 * The folder of a finished installation. The marker is written before the folder gets its name, so a folder without it
 * was not made by us and is not trusted.
 *
 * @param {string} cache
 * @param {string} name
 * @returns {string | undefined}
 */
function installed(cache, name) {
  const directory = path.join(cache, name);
  return fs.existsSync(path.join(directory, marker)) ? directory : undefined;
}

/**
 * Fills a folder of its own and gives it its name when it is complete: an abort leaves nothing that looks installed.
 * Maven, Go and npm keep what they fetched in their own caches, so the next try goes on where this one ended. The lock
 * saves work when two run at once; what keeps them correct is the rename.
 *
 * @param {object} request
 * @param {string} request.cache
 * @param {string} request.name part, version and platform: a new version is another folder
 * @param {(text: string) => void} request.report
 * @param {AbortSignal | undefined} request.signal
 * @param {(directory: string) => Promise<void>} fill
 * @returns {Promise<string>}
 */
async function install({ cache, name, report, signal }, fill) {
  fs.mkdirSync(cache, { recursive: true, mode: 0o755 });
  const onWait = (/** @type {{ pid: number }} */ holder) => report(`waiting for pid ${holder.pid}, which installs it`);
  return withLock({ file: path.join(cache, `${name}.lock`), onWait, signal }, async () => {
    const before = installed(cache, name);
    if (before !== undefined) return before;

    await endForerunner(installLog(cache, name), name);
    const target = path.join(cache, name);
    for (const left of fs.readdirSync(cache)) {
      if (left.startsWith(`.${name}.`))
        fs.rmSync(path.join(cache, left), { recursive: true, force: true, maxRetries: 3 });
    }
    fs.rmSync(target, { recursive: true, force: true, maxRetries: 3 });

    const draft = fs.mkdtempSync(path.join(cache, `.${name}.`));
    // mkdtemp closes the folder to everybody else, and the servers run as somebody else.
    fs.chmodSync(draft, 0o755);
    try {
      await fill(draft);
      fs.writeFileSync(path.join(draft, marker), `${JSON.stringify({ name, at: new Date().toISOString() })}\n`);
      fs.renameSync(draft, target);
    } finally {
      fs.rmSync(draft, { recursive: true, force: true, maxRetries: 3 });
    }
    return target;
  });
}

/** @param {string} cache @param {string} name */
const installLog = (cache, name) => path.join(cache, 'logs', `${name}.log`);

module.exports = { cacheDirectory, installed, install, installLog };
