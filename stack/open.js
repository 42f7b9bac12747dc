'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { StackFailure } = require('./failure');
const { handleOn, stopServers } = require('./handle');
const { withLock } = require('./lock');
const { allParts, titles } = require('./parts');
const { identityOf, isAlive } = require('./processes/identity');
const { provision } = require('./provision');
const { isReachable } = require('./servers/account');
const { startFresh } = require('./servers/fresh');
const { readServer, readStack, writeServer, writeStack } = require('./servers/record');
const { serverAt, startRecorded } = require('./servers/server');

/** @typedef {import('./index').Part} Part */

/**
 * Brings up one part; resolves with whether it was started by this call.
 *
 * @param {object} request
 * @param {string} request.directory
 * @param {import('./index').Supply} request.supply
 * @param {import('./index').StackOptions} request.options
 * @param {Set<number>} request.taken
 * @param {import('./index').Report} request.report
 * @param {() => void} request.onStart
 * @param {AbortSignal} request.signal
 */
async function bringUp({ directory, supply, options, taken, report, onStart, signal }) {
  const { part, address, version } = supply;
  const before = readServer(directory, part);
  const runs = before?.external === false && isAlive(before.leader);
  if (address !== undefined) {
    // Opened with an address now, without one before: nobody would ever stop the server of that time.
    if (runs) await serverAt(directory, part).stop();
    const nothing = { command: '', args: [], cwd: directory, env: {}, logFile: '', ports: { main: 0 } };
    writeServer(directory, { part, address, external: true, version, ...nothing });
    report(part, `used at ${address.replace(/\/\/.*@/, '//')}`, 'done');
    return;
  }
  if (before !== undefined && runs) {
    await startRecorded(directory, before, signal);
    report(part, `runs already at ${before.address}`, 'done');
    return;
  }
  report(part, 'starting');
  onStart();
  await startFresh({ directory, supply, options, taken, signal });
  report(part, `ready at ${serverAt(directory, part).address}`, 'done');
}

/**
 * @param {import('./index').StackRequest} request
 * @returns {Promise<import('./index').Stack>}
 */
async function openStack(request) {
  const { parts = allParts, options = {}, report = () => {} } = request;
  const directory = path.resolve(request.directory);
  if (!isReachable(directory)) {
    throw new StackFailure(
      `The stack cannot live in ${directory}: PostgreSQL and Elasticsearch run as "nobody", who cannot enter it. ` +
        'Choose another directory, or open the folders above it (chmod o+x).',
    );
  }
  const supplies = request.supplies ?? (await provision(request));
  fs.mkdirSync(path.join(directory, 'logs'), { recursive: true, mode: 0o755 });
  const onWait = (/** @type {{ pid: number }} */ { pid }) => {
    for (const part of parts) report(part, `waiting for pid ${pid}, which opens this stack`);
  };
  const lock = { file: path.join(directory, 'stack.lock'), onWait, signal: request.signal };
  return withLock(lock, () => openLocked({ ...request, directory, parts, options, report, supplies }));
}

/**
 * @param {import('./index').StackRequest & Required<Pick<import('./index').StackRequest, 'parts' | 'options' | 'report' | 'supplies'>>} request
 * @returns {Promise<import('./index').Stack>}
 */
async function openLocked({ directory, parts, options, report, supplies, signal: outer }) {
  const failed = new AbortController();
  const signal = outer ? AbortSignal.any([outer, failed.signal]) : failed.signal;
  const self = /** @type {import('./processes/identity').Identity} */ (identityOf(process.pid));
  const before = readStack(directory);
  const all = [...new Set([...(before?.parts ?? []), ...parts])];
  // While the process that opened it lives, that one ends what it started. Of the dead we inherit all.
  const shared = before !== undefined && isAlive(before.owner) && before.owner.pid !== process.pid;
  const temporalBinary = supplies.temporal?.path ?? before?.temporalBinary ?? '';
  writeStack(directory, { owner: shared ? before.owner : self, parts: all, temporalBinary });

  /** @type {Set<Part>} */
  const startedHere = new Set();
  /** @type {Partial<Record<Part, number>>} */
  const launchSeconds = {};
  /** @type {Set<number>} */
  const taken = new Set();
  const stop = () => stopServers(directory, shared ? [...startedHere] : all);

  const begin = Date.now();
  /** @type {unknown[]} */
  const failures = [];
  await Promise.all(
    parts.map(async (part) => {
      try {
        const supply = supplies[part];
        if (supply === undefined)
          throw new StackFailure(
            `${titles[part]} was not provisioned, so it cannot be started. Give its supply, or none at all.`,
          );
        await bringUp({ directory, supply, options, taken, report, onStart: () => startedHere.add(part), signal });
        if (startedHere.has(part)) launchSeconds[part] = (Date.now() - begin) / 1000;
      } catch (error) {
        failures.push(error);
        // The others need not be waited for: without this part they will be stopped.
        failed.abort();
      }
    }),
  );
  if (failures.length > 0) {
    await stop();
    throw failures[0];
  }
  return handleOn({ directory, launchSeconds, stop });
}

module.exports = { openStack };
