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
const { readServer, writeServer } = require('./record');

/** @typedef {import('./record').ServerRecord} ServerRecord */

/** A cold Elasticsearch on a busy machine of two cores has taken a minute. */
const patienceMs = 180_000;

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
 * @param {ServerRecord} record
 * @param {{ end: string | undefined }} fate
 * @param {AbortSignal | undefined} signal
 */
async function untilReady(record, fate, signal) {
  const giveUpAt = Date.now() + patienceMs;
  const described = `${titles[record.part]} (${record.version}, ${record.address})`;
  const log = () => `Its log is ${record.logFile}; it ends with:\n${lastLines(record.logFile, 15)}`;
  for (;;) {
    signal?.throwIfAborted();
    if (fate.end !== undefined) {
      const taken = /address already in use|bind/i.test(lastLines(record.logFile, 30));
      const cure = taken
        ? 'Another process seems to hold its port: end that, or start again for another port.'
        : 'The log says why.';
      throw new StackFailure(`${described} ended while starting: ${fate.end}. ${cure} ${log()}`);
    }
    const problem = await launchers[record.part].ready(record);
    if (problem === undefined) return;
    if (Date.now() > giveUpAt)
      throw new StackFailure(`${described} does not answer after ${patienceMs / 1000} s: ${problem}. ${log()}`);
    await pause(100, undefined, signal ? { signal } : undefined);
  }
}

/**
 * @param {string} directory
 * @param {ServerRecord} record of a server that was launched before, here or in another process
 * @param {AbortSignal} [signal]
 */
async function startRecorded(directory, record, signal) {
  if (isAlive(record.leader)) {
    const leader = record.leader;
    await untilReady(
      record,
      {
        get end() {
          return isAlive(leader) ? undefined : 'it was running and has ended';
        },
      },
      signal,
    );
    return;
  }
  // What a killed leader left behind still holds ports and data.
  if (record.leader !== undefined)
    await endTree({ what: titles[record.part], leader: record.leader, orderly: 'SIGKILL' });
  await untilReady(record, launch(directory, record), signal);
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
