'use strict';

const net = require('node:net');
const { randomInt } = require('node:crypto');
const { StackFailure } = require('../failure');

/**
 * Below the ports that Linux (32768 up) and macOS (49152 up) give to outgoing connections. A server that was killed
 * must find its port free again; from that range a client may have been given it in the meantime, and a client that
 * reconnects to a dead server there can even be connected to itself.
 */
const lowest = 20_000;
const highest = 32_000;

/** @param {number} port @returns {Promise<boolean>} */
function isFree(port) {
  return new Promise((resolve) => {
    const probe = net.createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/**
 * @param {readonly (number | undefined)[]} preferred taken in this order if free
 * @param {Set<number>} taken ports already promised to another part; the choice is added
 */
async function choosePort(preferred, taken) {
  const candidates = preferred.filter((port) => port !== undefined);
  for (let tries = 0; tries < 200; tries += 1) {
    const port = candidates.shift() ?? randomInt(lowest, highest);
    if (taken.has(port)) continue;
    // Promised before the probe, which takes time in which another part may come for it.
    taken.add(port);
    if (await isFree(port)) return port;
    taken.delete(port);
  }
  throw new StackFailure(
    `No free port on 127.0.0.1 between ${lowest} and ${highest} in 200 tries. Something on this machine holds most of them.`,
  );
}

module.exports = { choosePort, isFree };
