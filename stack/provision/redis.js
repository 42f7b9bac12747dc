'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { createHash } = require('node:crypto');
const versions = require('../versions/versions.json');
const { StackFailure } = require('../failure');
const { install, installed } = require('./cache');
const { ask } = require('./command');
const { runMaven } = require('./maven');
const { findJava } = require('./toolchain');
const { isAtLeast, versionIn } = require('./version');

const pinned = versions.redis;
const insteadOf = 'SLIPSTREAM_REDIS_BIN to a redis-server, or SLIPSTREAM_REDIS_URL to one that runs';

/** @param {string} binary @returns {Promise<string | undefined>} */
async function versionAt(binary) {
  const text = await ask(binary, ['--version']);
  return text === undefined ? undefined : versionIn(text);
}

/**
 * The file of the archive for a platform, and what it has to be. Only linux-x64 is tested.
 *
 * @param {NodeJS.Platform} platform
 * @param {string} arch Node's name
 * @returns {{ file: string, integrity: string } | undefined}
 */
function platformBinary(platform, arch) {
  const integrity = /** @type {Record<string, string>} */ (pinned.integrity)[`${platform}-${arch}`];
  if (integrity === undefined) return undefined;
  return { file: `redis-server-${pinned.download}-${platform}-${arch === 'x64' ? 'amd64' : arch}`, integrity };
}

/** @param {import('./ways').Surroundings} surroundings @returns {import('./ways').Way[]} */
function ways(surroundings) {
  const { env, platform, arch, cache, report, signal } = surroundings;
  const name = `redis-${pinned.download}-${platform}-${arch}`;
  return [
    {
      source: 'installed',
      attempt: async () => {
        const asked = env['SLIPSTREAM_REDIS_BIN'];
        if (!asked) return '';
        const found = await versionAt(asked);
        if (found !== undefined && isAtLeast(found, pinned.oldest)) return { path: asked, version: found };
        const why = found === undefined ? 'does not run' : `is ${found}`;
        throw new StackFailure(
          `SLIPSTREAM_REDIS_BIN: ${asked} ${why}; Redis ${pinned.oldest} or newer is needed. Correct it, or unset it.`,
        );
      },
    },
    {
      source: 'installed',
      attempt: async () => {
        const found = await versionAt('redis-server');
        if (found === undefined) return '';
        if (!isAtLeast(found, pinned.oldest))
          return `the "redis-server" on PATH is ${found}, older than ${pinned.oldest}`;
        const folder = (env['PATH'] ?? '')
          .split(path.delimiter)
          .find((one) => fs.existsSync(path.join(one, 'redis-server')));
        return { path: path.join(folder ?? '', 'redis-server'), version: found };
      },
    },
    {
      source: 'cache',
      attempt: async () => {
        const home = installed(cache, name);
        return home === undefined ? '' : { path: path.join(home, 'redis-server'), version: pinned.download };
      },
    },
    {
      source: 'download',
      attempt: async () => {
        const wanted = platformBinary(platform, arch);
        if (wanted === undefined) return `no binary is published for ${platform}-${arch}; set ${insteadOf}`;
        const java = await findJava({ env, platform }, 'Maven, which fetches Redis,');
        report(`fetching ${pinned.download} with Maven`);
        const home = await install({ cache, name, report, signal }, async (directory) => {
          const goal = [
            'dependency:unpack-dependencies',
            // What its Java part needs, which is of no use here.
            '-DexcludeTransitive=true',
            `-Dmdep.unpack.includes=${wanted.file}`,
            `-DoutputDirectory=${directory}`,
          ];
          await runMaven({ name, title: 'Redis', insteadOf, part: 'redis', java, directory, goal, surroundings });
          adopt(directory, wanted);
        });
        return { path: path.join(home, 'redis-server'), version: pinned.download };
      },
    },
  ];
}

/**
 * What came is run on this machine: it has to be, byte for byte, what was looked at when it was pinned.
 *
 * @param {string} directory
 * @param {{ file: string, integrity: string }} wanted
 */
function adopt(directory, { file, integrity }) {
  const place = path.join(directory, file);
  const found = fs.existsSync(place)
    ? `sha512-${createHash('sha512').update(fs.readFileSync(place)).digest('base64')}`
    : 'nothing';
  if (found !== integrity) {
    throw new StackFailure(
      `Maven brought ${found} as ${file}, not the binary that was pinned. Do not run it; find out what the repository serves, and whether stack/versions/redis/pom.xml and versions.json agree.`,
    );
  }
  fs.renameSync(place, path.join(directory, 'redis-server'));
  fs.chmodSync(path.join(directory, 'redis-server'), 0o755);
}

module.exports = { ways, platformBinary };
