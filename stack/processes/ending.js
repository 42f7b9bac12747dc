'use strict';

const { setTimeout: pause } = require('node:timers/promises');
const { StackFailure } = require('../failure');
const { isAlive, treeOf } = require('./identity');

/** @typedef {import('./identity').Identity} Identity */

/** @param {Identity[]} processes @param {NodeJS.Signals} signal */
function signalAll(processes, signal) {
  for (const one of processes) {
    if (!isAlive(one)) continue;
    try {
      process.kill(one.pid, signal);
    } catch (error) {
      // It died between the look and the signal, which is what was wanted.
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error;
    }
  }
}

/**
 * Ends a process with everything below it and resolves when all are gone.
 *
 * `orderly` goes to the leader alone: PostgreSQL and Elasticsearch end their own children, and a signal to those from
 * outside is a crash to them. Who is still there after `patienceMs` is killed.
 *
 * @param {object} request
 * @param {string} request.what for the error
 * @param {Identity} request.leader
 * @param {NodeJS.Signals} request.orderly
 * @param {number} [request.patienceMs]
 */
async function endTree({ what, leader, orderly, patienceMs = 30_000 }) {
  /** @type {Map<number, Identity>} */
  const seen = new Map();
  // Children of a dead leader hang on init and are no longer found from it: whoever was seen once is waited for.
  const remaining = () => {
    for (const one of treeOf(leader)) seen.set(one.pid, one);
    return [...seen.values()].filter(isAlive);
  };
  const killAt = Date.now() + (orderly === 'SIGKILL' ? 0 : patienceMs);
  const giveUpAt = killAt + 15_000;

  let left = remaining();
  // A stopped process takes no signal but SIGKILL until it is continued.
  signalAll(left, 'SIGCONT');
  if (orderly === 'SIGKILL') signalAll(left, 'SIGKILL');
  else signalAll(isAlive(leader) ? [leader] : left, orderly);

  while ((left = remaining()).length > 0) {
    if (Date.now() > giveUpAt) {
      const pids = left.map((one) => one.pid).join(', ');
      throw new StackFailure(
        `${what} does not end: pid ${pids} survived SIGKILL. Look at it with "ps -o pid,stat,wchan,args -p ${pids}".`,
      );
    }
    if (Date.now() >= killAt) signalAll(left, 'SIGKILL');
    await pause(40);
  }
}

/** @param {Identity} leader @param {NodeJS.Signals} signal */
const signalTree = (leader, signal) => signalAll(treeOf(leader), signal);

module.exports = { endTree, signalTree, signalAll };
