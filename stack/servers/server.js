'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { setTimeout: pause } = require('node:timers/promises');
const { StackFailure } = require('../failure');
const { lastLines } = require('../log-tail');
const { addressVariables, titles } = require('../parts');
const { endTree, signalTree } = require('../processes/ending');
const { identityOf, isAlive, treeOf } = require('../processes/identity');
const { launchers, serverEnvironment } = require('./launch');
const { isFree } = require('./ports');
const { readServer, writeServer } = require('./record');

/** @typedef {import('./record').ServerRecord} ServerRecord */

/** A cold Elasticsearch on a busy machine of two cores has taken a minute. */
const startPatienceMs = 180_000;

/** One that runs already has no start before it, but may have the recovery of a killed one. */
const reusePatienceMs = 60_000;

/**
 * Starts what the record says and writes down who it became.
 *
 * Detached: Ctrl-C goes to the whole foreground group, and would end the servers before the clients and in no order.
 *
 * @param {string} directory
 * @param {ServerRecord} record
 */
function launch(directory, record) {
  const log = fs.openSync(record.logFile, 'a');
  fs.writeSync(log, `--- started by slipstream, ${new Date().toISOString()}\n`);
  try {
    const child = spawn(record.command, record.args, {
      cwd: record.cwd,
      env: { ...serverEnvironment(process.env), ...record.env },
      stdio: ['ignore', log, log],
      detached: true,
      ...record.account,
    });
    /** @type {{ end: string | undefined }} */
    const fate = { end: undefined };
    child.once('error', (error) => (fate.end = `cannot be run: ${error.message}`));
    child.once('exit', (code, signal) => (fate.end = code === null ? `ended by ${signal}` : `exit code ${code}`));
    child.unref();
    const leader = child.pid === undefined ? undefined : identityOf(child.pid);
    // Before anything else happens: a launcher that is killed from here on leaves servers that can be found.
    writeServer(directory, { ...record, leader });
    return fate;
  } finally {
    fs.closeSync(log);
  }
}

/**
 * @param {object} request
 * @param {ServerRecord} request.record
 * @param {() => string | undefined} request.endOf how the process ended, once it has
 * @param {number} request.patienceMs
 * @param {AbortSignal | undefined} request.signal
 */
async function untilReady({ record, endOf, patienceMs, signal }) {
  const giveUpAt = Date.now() + patienceMs;
  const described = `${titles[record.part]} (${record.version}, ${record.address})`;
  const log = () => `Its log is ${record.logFile}; it ends with:\n${lastLines(record.logFile, 15)}`;
  for (;;) {
    signal?.throwIfAborted();
    const problem = await launchers[record.part].ready(record);
    // Asked after the probe: on a port that somebody else took, an answer is theirs, and our process is dead.
    const end = endOf();
    if (end !== undefined) {
      const portTaken = /address already in use|failed to bind|BindException/i.test(lastLines(record.logFile, 40));
      const cure = portTaken ? takenCure : 'The log says why.';
      throw new StackFailure(`${described} ended while starting: ${end}. ${cure} ${log()}`, { portTaken });
    }
    if (problem === undefined) return;
    if (Date.now() > giveUpAt) {
      throw new StackFailure(`${described} does not answer after ${patienceMs / 1000} s: ${problem}. ${log()}`);
    }
    await pause(100, undefined, signal ? { signal } : undefined);
  }
}

const takenCure =
  'Another process holds its port: end that one, or stop the whole stack and open it again for other ports.';

/**
 * Whether the server runs and answers. A launcher may have been killed while it held the server stopped, hence the
 * SIGCONT.
 *
 * @param {ServerRecord} record
 * @param {AbortSignal | undefined} signal
 */
async function runsWell(record, signal) {
  const { leader } = record;
  if (leader === undefined || !isAlive(leader)) return false;
  signalTree(leader, 'SIGCONT');
  const endOf = () => (isAlive(leader) ? undefined : 'it ran and has ended');
  return untilReady({ record, endOf, patienceMs: reusePatienceMs, signal }).then(
    () => true,
    (error) => {
      if (error instanceof StackFailure) return false;
      throw error;
    },
  );
}

/**
 * Uses the server if it runs and answers, else starts it with the command, the ports and the data of last time.
 *
 * @param {string} directory
 * @param {ServerRecord} record of a server that was launched before, here or in another process
 * @param {AbortSignal} [signal]
 */
async function startRecorded(directory, record, signal) {
  if (await runsWell(record, signal)) return;
  const what = titles[record.part];
  // A leader that hangs, and what a dead one left behind, hold ports and data.
  if (record.leader !== undefined) {
    await endTree({ what, leader: record.leader, orderly: 'SIGKILL' });
    launchers[record.part].forget?.({ cwd: record.cwd, pid: record.leader.pid });
  }
  for (const port of Object.values(record.ports)) {
    if (await isFree(port)) continue;
    throw new StackFailure(`${what} cannot start: port ${port} on 127.0.0.1 is taken. ${takenCure}`, {
      portTaken: true,
    });
  }
  const fate = launch(directory, record);
  await untilReady({ record, endOf: () => fate.end, patienceMs: startPatienceMs, signal });
}

/**
 * The handle on one server. It keeps nothing in memory but where the record is.
 *
 * @param {string} directory
 * @param {import('../index').Part} part
 * @returns {import('../index').Server}
 */
function serverAt(directory, part) {
  const known = () => {
    const record = readServer(directory, part);
    if (record === undefined)
      throw new StackFailure(
        `${titles[part]} is not part of the stack in ${directory}. Open the stack with "${part}" among its parts.`,
      );
    return record;
  };
  const ours = () => {
    const record = known();
    if (record.external)
      throw new StackFailure(
        `${titles[part]} was given by ${addressVariables[part]}, so it is not ours to start or stop. Unset that variable to have one started here.`,
      );
    return record;
  };
  const end = async (/** @type {NodeJS.Signals} */ orderly) => {
    const { leader } = ours();
    if (leader !== undefined) await endTree({ what: titles[part], leader, orderly });
  };
  return {
    part,
    get address() {
      return readServer(directory, part)?.address ?? '';
    },
    get external() {
      return readServer(directory, part)?.external ?? false;
    },
    get pid() {
      const leader = readServer(directory, part)?.leader;
      return isAlive(leader) ? leader?.pid : undefined;
    },
    logFile: path.join(directory, 'logs', `${part}.log`),
    isRunning: () => isAlive(readServer(directory, part)?.leader),
    start: () => startRecorded(directory, ours()),
    stop: () => end(launchers[part].stopSignal),
    kill: (signal = 'SIGKILL') => end(signal),
    pause: () => withLeader(ours(), (leader) => signalTree(leader, 'SIGSTOP')),
    resume: () => withLeader(ours(), (leader) => signalTree(leader, 'SIGCONT')),
  };
}

/** @param {ServerRecord} record @param {(leader: import('../processes/identity').Identity) => void} act */
function withLeader(record, act) {
  if (record.leader === undefined || treeOf(record.leader).length === 0) {
    throw new StackFailure(`${titles[record.part]} does not run, so it cannot be paused or continued. Start it first.`);
  }
  act(record.leader);
}

module.exports = { serverAt, startRecorded };
