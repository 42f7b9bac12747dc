'use strict';

const path = require('node:path');
const { StackFailure } = require('./failure');
const { addressVariables, allParts } = require('./parts');
const { hostAndPort } = require('./servers/probe');
const { readServer, readStack } = require('./servers/record');
const { serverAt } = require('./servers/server');

/** @typedef {import('./index').Part} Part */

/**
 * @param {object} request
 * @param {string} request.directory
 * @param {Partial<Record<Part, number>>} request.launchSeconds
 * @param {() => Promise<void>} request.stop
 * @returns {import('./index').Stack}
 */
function handleOn({ directory, launchSeconds, stop }) {
  const servers = /** @type {Record<Part, import('./index').Server>} */ (
    Object.fromEntries(allParts.map((part) => [part, serverAt(directory, part)]))
  );
  return {
    directory,
    servers,
    launchSeconds,
    get addresses() {
      return addressesIn(directory);
    },
    environment() {
      const addresses = addressesIn(directory);
      const named = allParts.flatMap((part) => (addresses[part] ? [[addressVariables[part], addresses[part]]] : []));
      return {
        ...Object.fromEntries(named),
        SLIPSTREAM_STACK: directory,
        ...(addresses.temporal
          ? { SLIPSTREAM_TEMPORAL_UI: addresses.temporalUi, SLIPSTREAM_TEMPORAL_BIN: addresses.temporalBinary }
          : {}),
      };
    },
    stop,
  };
}

/** @param {string} directory @returns {import('./index').Addresses} */
function addressesIn(directory) {
  const of = (/** @type {Part} */ part) => readServer(directory, part)?.address ?? '';
  const temporal = readServer(directory, 'temporal');
  const host = temporal === undefined ? '' : hostAndPort(temporal.address, 7233).host;
  return {
    postgres: of('postgres'),
    kafka: of('kafka'),
    elasticsearch: of('elasticsearch'),
    redis: of('redis'),
    temporal: of('temporal'),
    // Of a server elsewhere only the usual port of its UI can be guessed.
    temporalUi: temporal === undefined ? '' : `http://${host}:${temporal.external ? 8233 : temporal.ports['ui']}`,
    temporalBinary: readStack(directory)?.temporalBinary ?? '',
  };
}

/** @param {string} directory @param {readonly Part[]} parts */
async function stopServers(directory, parts) {
  const ours = parts.filter((part) => readServer(directory, part)?.external === false);
  const ends = await Promise.allSettled(ours.map((part) => serverAt(directory, part).stop()));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/**
 * @param {string} directory
 * @returns {import('./index').Stack}
 */
function attachStack(directory) {
  const record = readStack(path.resolve(directory));
  if (record === undefined)
    throw new StackFailure(
      `There is no stack in ${directory}: stack.json is missing. Open one with openStack, or "node stack/cli.js up --data ${directory}".`,
    );
  return handleOn({
    directory: path.resolve(directory),
    launchSeconds: {},
    stop: () => stopServers(path.resolve(directory), record.parts),
  });
}

module.exports = { handleOn, stopServers, attachStack };
