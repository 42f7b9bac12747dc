'use strict';

const path = require('node:path');
const { StackFailure } = require('../failure');
const { launchers, serverEnvironment } = require('./launch');
const { choosePort } = require('./ports');
const { readServer, writeServer } = require('./record');
const { startRecorded } = require('./server');

/** @typedef {import('../index').Part} Part */

/**
 * @typedef {object} Fresh
 * @property {string} directory of the stack
 * @property {import('../index').Supply} supply
 * @property {import('../index').StackOptions} options
 * @property {Set<number>} taken ports promised to other parts of this stack
 * @property {AbortSignal} signal
 */

/**
 * Starts a server from what was provisioned: chooses ports, makes the data folder if there is none, writes the record.
 *
 * Between the choice of a port and its use another process may take it. Then others are chosen.
 *
 * @param {Fresh} fresh
 */
async function startFresh(fresh) {
  for (let triesLeft = 2; ; triesLeft -= 1) {
    try {
      return await startOnce(fresh);
    } catch (error) {
      if (!(error instanceof StackFailure) || !error.portTaken || triesLeft === 0) throw error;
    }
  }
}

/** @param {Fresh} fresh */
async function startOnce({ directory, supply, options, taken, signal }) {
  const { part } = supply;
  const launcher = launchers[part];
  const before = readServer(directory, part);
  const ports = await choosePorts(launcher.ports, before?.external === false ? before.ports : {}, options, taken);
  const preparation = { home: path.join(directory, part), supply, options, ports, env: serverEnvironment(process.env) };
  await launcher.prepare(preparation);
  signal.throwIfAborted();
  const record = {
    part,
    external: false,
    version: supply.version,
    ports,
    logFile: path.join(directory, 'logs', `${part}.log`),
    // Kept: what a killed leader left behind is found through it.
    leader: before?.leader,
    ...launcher.plan(preparation),
  };
  writeServer(directory, record);
  await startRecorded(directory, record, signal);
}

/**
 * The ports of last time first: lines that people have copied go on working.
 *
 * @param {import('./launch').Ports} wellKnown
 * @param {Record<string, number>} before
 * @param {import('../index').StackOptions} options
 * @param {Set<number>} taken
 */
async function choosePorts(wellKnown, before, { preferWellKnownPorts }, taken) {
  /** @type {Record<string, number>} */
  const chosen = {};
  for (const [name, port] of Object.entries(wellKnown)) {
    chosen[name] = await choosePort([before[name], preferWellKnownPorts ? port : undefined], taken);
  }
  return /** @type {import('./launch').Ports} */ (chosen);
}

module.exports = { startFresh };
