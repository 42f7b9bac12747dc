'use strict';

const fs = require('node:fs');
const path = require('node:path');
const versions = require('../versions/versions.json');
const { StackFailure } = require('../failure');
const { install, installed } = require('./cache');
const { runMaven } = require('./maven');
const { findJava } = require('./toolchain');
const { isAtLeast } = require('./version');

const pinned = versions.kafka;
const name = `kafka-${pinned.version}`;
const insteadOf = 'SLIPSTREAM_KAFKA_HOME to an unpacked Kafka 4, or KAFKA_BROKERS to a broker that runs';

/** @param {string} libs @returns {string | undefined} */
function versionAt(libs) {
  const jars = fs.existsSync(libs) ? fs.readdirSync(libs) : [];
  return jars.flatMap((jar) => /^kafka_2\.13-([\d.]+)\.jar$/.exec(jar)?.[1] ?? [])[0];
}

/** @param {import('./ways').Surroundings} surroundings @returns {import('./ways').Way[]} */
function ways(surroundings) {
  const { env, platform, cache, report, signal } = surroundings;
  const asked = env['SLIPSTREAM_KAFKA_HOME'];
  const java = () => findJava({ env, platform }, 'Kafka');
  return [
    {
      source: 'installed',
      attempt: async () => {
        if (!asked) return '';
        const libs = path.join(asked, 'libs');
        const found = versionAt(libs);
        if (found !== undefined && isAtLeast(found, pinned.oldest))
          return { path: libs, java: await java(), version: found };
        const why = found === undefined ? 'has no libs/kafka_2.13-*.jar' : `is Kafka ${found}`;
        throw new StackFailure(
          `SLIPSTREAM_KAFKA_HOME: ${asked} ${why}; ${pinned.oldest} or newer is needed. Correct it, or unset it to use the pinned ${pinned.version}.`,
        );
      },
    },
    {
      source: 'cache',
      attempt: async () => {
        const home = installed(cache, name);
        return home === undefined ? '' : { path: path.join(home, 'libs'), java: await java(), version: pinned.version };
      },
    },
    {
      source: 'download',
      attempt: async () => {
        const chosen = await java();
        report(`fetching ${pinned.version} with Maven`);
        const home = await install({ cache, name, report, signal }, async (directory) => {
          const goal = [
            'dependency:copy-dependencies',
            '-DincludeScope=runtime',
            `-DoutputDirectory=${path.join(directory, 'libs')}`,
          ];
          await runMaven({
            name,
            title: 'Kafka',
            insteadOf,
            part: 'kafka',
            java: chosen,
            directory,
            goal,
            surroundings,
          });
          const found = versionAt(path.join(directory, 'libs'));
          if (found !== pinned.version)
            throw new StackFailure(
              `Maven brought Kafka ${found}, not ${pinned.version}. stack/versions/kafka/pom.xml and versions.json have to agree.`,
            );
        });
        return { path: path.join(home, 'libs'), java: chosen, version: pinned.version };
      },
    },
  ];
}

module.exports = { ways };
