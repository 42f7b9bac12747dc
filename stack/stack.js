'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { StackFailure } = require('./failure');
const { withLock } = require('./lock');
const { addressVariables, allParts, titles } = require('./parts');
const { identityOf, isAlive } = require('./processes/identity');
const { provision } = require('./provision');
const { isReachable } = require('./servers/account');
const { launchers, serverEnvironment } = require('./servers/launch');
const { choosePort } = require('./servers/ports');
const { hostAndPort } = require('./servers/probe');
const { readServer, readStack, writeServer, writeStack } = require('./servers/record');
const { serverAt, startRecorded } = require('./servers/server');

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
 * @param {object} request
 * @param {string} request.directory
 * @param {import('./index').Supply} request.supply
 * @param {import('./index').StackOptions} request.options
 * @param {Set<number>} request.taken
 * @param {AbortSignal | undefined} request.signal
 */
async function startFresh({ directory, supply, options, taken, signal }) {
  const { part } = supply;
  const launcher = launchers[part];
  const before = readServer(directory, part);
  const home = path.join(directory, part);
  const logFile = path.join(directory, 'logs', `${part}.log`);

  /** @type {Record<string, number>} */
  const chosen = {};
  for (const [name, wellKnown] of Object.entries(launcher.ports)) {
    // The ports of last time first: lines that people have copied go on working.
    const preferred = [
      before?.external === false ? before.ports[name] : undefined,
      options.preferWellKnownPorts ? wellKnown : undefined,
    ];
    chosen[name] = await choosePort(preferred, taken);
  }
  const ports = /** @type {import('./servers/launch').Ports} */ (chosen);
  const preparation = { home, supply, options, ports, env: serverEnvironment(process.env) };
  await launcher.prepare(preparation);
  signal?.throwIfAborted();
  const plan = launcher.plan(preparation);
  // The old leader stays in the record: what a killed one left behind is found through it.
  const record = { part, external: false, version: supply.version, ports, logFile, leader: before?.leader, ...plan };
  writeServer(directory, record);
  await startRecorded(directory, record, signal);
}

/**
 * @param {import('./index').StackRequest} request
 * @returns {Promise<import('./index').Stack>}
 */
async function openStack({
  directory: asked,
  parts = allParts,
  options = {},
  supplies: given,
  env = process.env,
  report = () => {},
  signal,
}) {
  const directory = path.resolve(asked);
  if (!isReachable(directory)) {
    throw new StackFailure(
      `The stack cannot live in ${directory}: PostgreSQL and Elasticsearch run as "nobody", who cannot enter it. Choose another directory, or open the folders above it (chmod o+x).`,
    );
  }
  const supplies = given ?? (await provision({ parts, env, report, ...(signal ? { signal } : {}) }));
  fs.mkdirSync(path.join(directory, 'logs'), { recursive: true, mode: 0o755 });

  const self = /** @type {import('./processes/identity').Identity} */ (identityOf(process.pid));
  /** @type {Part[]} */
  const startedHere = [];
  /** @type {Partial<Record<Part, number>>} */
  const launchSeconds = {};
  /** @type {Set<number>} */
  const taken = new Set();

  /** @param {Part} part */
  const bringUp = async (part) => {
    const supply = supplies[part];
    if (supply === undefined)
      throw new StackFailure(`${titles[part]} was not provisioned. Give its supply, or none at all.`);
    if (supply.address !== undefined) {
      await serverAt(directory, part)
        .stop()
        .catch(() => {});
      writeServer(directory, {
        part,
        address: supply.address,
        external: true,
        version: supply.version,
        ports: { main: 0 },
        command: '',
        args: [],
        cwd: directory,
        env: {},
        logFile: '',
      });
      return;
    }
    const before = readServer(directory, part);
    const begin = Date.now();
    if (before !== undefined && !before.external && isAlive(before.leader)) {
      report(part, `runs already at ${before.address}`);
      await startRecorded(directory, before, signal);
      return;
    }
    report(part, 'starting');
    startedHere.push(part);
    await startFresh({ directory, supply, options, taken, signal });
    launchSeconds[part] = (Date.now() - begin) / 1000;
    report(part, `ready at ${serverAt(directory, part).address}`);
  };

  return withLock({ file: path.join(directory, 'stack.lock'), signal }, async () => {
    const before = readStack(directory);
    // While the process that opened it lives, it ends what it started; of the dead we inherit all.
    const shared = before !== undefined && isAlive(before.owner) && before.owner.pid !== process.pid;
    const owner = shared ? before.owner : self;
    const responsible = () => (shared ? startedHere : [...new Set([...(before?.parts ?? []), ...parts])]);
    writeStack(directory, {
      owner,
      parts: [...new Set([...(before?.parts ?? []), ...parts])],
      temporalBinary: supplies.temporal?.path ?? before?.temporalBinary ?? '',
    });
    const results = await Promise.allSettled(parts.map(bringUp));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) {
      await stopServers(directory, responsible());
      throw failed.reason;
    }
    return handleOn({ directory, launchSeconds, stop: () => stopServers(directory, responsible()) });
  });
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

module.exports = { openStack, attachStack };
