'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { createHash } = require('node:crypto');
const { cacheDirectory } = require('./provision/cache');
const { isReachable } = require('./servers/account');

/**
 * Where the demo's data stays from one `npm start` to the next. Inside the project; but as root PostgreSQL and
 * Elasticsearch run as "nobody", who cannot enter a checkout below root's home: then beside the cache.
 *
 * @param {string} project
 * @param {NodeJS.ProcessEnv} env
 */
function demoDirectory(project, env) {
  if (env['SLIPSTREAM_DATA']) return path.resolve(env['SLIPSTREAM_DATA']);
  const inside = path.join(project, '.slipstream', 'demo');
  if (isReachable(inside)) return inside;
  const key = createHash('sha256').update(project).digest('hex').slice(0, 12);
  return path.join(cacheDirectory(env), 'data', `${path.basename(project)}-${key}`);
}

/** @param {string} name @param {NodeJS.ProcessEnv} env */
function temporaryDirectory(name, env) {
  const parent = isReachable(os.tmpdir()) ? os.tmpdir() : path.join(cacheDirectory(env), 'tmp');
  fs.mkdirSync(parent, { recursive: true });
  const directory = fs.mkdtempSync(path.join(parent, `slipstream-${name}-`));
  fs.chmodSync(directory, 0o755);
  return directory;
}

module.exports = { demoDirectory, temporaryDirectory };
