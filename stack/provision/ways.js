'use strict';

const { StackFailure, messageOf } = require('../failure');
const { titles } = require('../parts');

/**
 * One way to come by a part. `attempt` resolves with what it found, or with a sentence why this way is closed; it
 * throws when a person asked for this way and it does not work, because going on would hide their mistake.
 *
 * @typedef {{ path?: string, address?: string, java?: string, version: string }} Found
 * @typedef {{ source: import('../index').Source, attempt: () => Promise<Found | string> }} Way
 */

/**
 * Everything a recipe needs to know about the machine.
 *
 * @typedef {object} Surroundings
 * @property {NodeJS.ProcessEnv} env
 * @property {NodeJS.Platform} platform
 * @property {string} arch
 * @property {string} cache
 * @property {(text: string) => void} report
 * @property {AbortSignal | undefined} signal
 */

/**
 * The first way that leads somewhere. When none does, the error names every one that was tried: the cure is in one of
 * those sentences.
 *
 * @param {import('../index').Part} part
 * @param {readonly Way[]} ways in order of preference
 * @param {AbortSignal | undefined} signal
 * @returns {Promise<Found & { source: import('../index').Source }>}
 */
async function firstOpenWay(part, ways, signal) {
  const closed = [];
  for (const way of ways) {
    signal?.throwIfAborted();
    const found = await way.attempt();
    if (typeof found !== 'string') return { ...found, source: way.source };
    if (found !== '') closed.push(found);
  }
  throw new StackFailure(`${titles[part]} cannot be provided:\n${closed.map((line) => `  - ${line}`).join('\n')}`);
}

/**
 * Turns a failure into a closed way, for ways with another behind them.
 *
 * @param {Way} way
 * @returns {Way}
 */
const orElse = (way) => ({
  source: way.source,
  attempt: () =>
    way.attempt().catch((error) => {
      if (error instanceof Error && error.name === 'AbortError') throw error;
      return messageOf(error);
    }),
});

module.exports = { firstOpenWay, orElse };
