'use strict';

const fs = require('node:fs');
const path = require('node:path');
const versions = require('../versions/versions.json');
const { StackFailure } = require('../failure');
const { install, installed } = require('./cache');
const { runMaven } = require('./maven');
const { findJava } = require('./toolchain');
const { isAtLeast } = require('./version');

const pinned = versions.elasticsearch;
const name = `elasticsearch-${pinned.version}`;
const insteadOf =
  'SLIPSTREAM_ELASTICSEARCH_HOME to an unpacked Elasticsearch 8, or SLIPSTREAM_ELASTICSEARCH_URL to one that runs';

/** @param {string} home @returns {string | undefined} */
function versionAt(home) {
  const lib = path.join(home, 'lib');
  const jars = fs.existsSync(lib) ? fs.readdirSync(lib) : [];
  return jars.flatMap((jar) => /^elasticsearch-(\d[\d.]+)\.jar$/.exec(jar)?.[1] ?? [])[0];
}

/**
 * The archive holds one folder, and closes its files to others although it is run by another user.
 *
 * @param {string} directory
 */
function openToReaders(directory) {
  for (const entry of fs.readdirSync(directory, { withFileTypes: true, recursive: true })) {
    const place = path.join(entry.parentPath, entry.name);
    const runs = entry.isDirectory() || path.basename(path.dirname(place)) === 'bin';
    fs.chmodSync(place, runs ? 0o755 : 0o644);
  }
}

/** @param {import('./ways').Surroundings} surroundings @returns {import('./ways').Way[]} */
function ways(surroundings) {
  const { env, platform, cache, report, signal } = surroundings;
  const asked = env['SLIPSTREAM_ELASTICSEARCH_HOME'];
  const java = () => findJava({ env, platform }, 'Elasticsearch');
  return [
    {
      source: 'installed',
      attempt: async () => {
        if (!asked) return '';
        const found = versionAt(asked);
        if (found !== undefined && isAtLeast(found, pinned.oldest))
          return { path: asked, java: await java(), version: found };
        const why = found === undefined ? 'has no lib/elasticsearch-*.jar' : `is Elasticsearch ${found}`;
        throw new StackFailure(
          `SLIPSTREAM_ELASTICSEARCH_HOME: ${asked} ${why}; ${pinned.oldest} or newer is needed. Correct it, or unset it to use the pinned ${pinned.version}.`,
        );
      },
    },
    {
      source: 'cache',
      attempt: async () => {
        const home = installed(cache, name);
        return home === undefined ? '' : { path: path.join(home, name), java: await java(), version: pinned.version };
      },
    },
    {
      source: 'download',
      attempt: async () => {
        const chosen = await java();
        report(`fetching ${pinned.version} with Maven`);
        const home = await install({ cache, name, report, signal }, async (directory) => {
          const goal = ['dependency:unpack-dependencies', `-DoutputDirectory=${directory}`];
          await runMaven({
            name,
            title: 'Elasticsearch',
            insteadOf,
            part: 'elasticsearch',
            java: chosen,
            directory,
            goal,
            surroundings,
          });
          if (versionAt(path.join(directory, name)) !== pinned.version)
            throw new StackFailure(
              `Maven brought no Elasticsearch ${pinned.version}. stack/versions/elasticsearch/pom.xml and versions.json have to agree.`,
            );
          openToReaders(path.join(directory, name));
        });
        return { path: path.join(home, name), java: chosen, version: pinned.version };
      },
    },
  ];
}

module.exports = { ways };
