'use strict';

/**
 * What is particular to one server; `server.js` does the rest.
 *
 * @typedef {{ main: number, [name: string]: number }} Ports
 *
 * @typedef {object} Preparation
 * @property {string} home the part's own folder in the stack's directory
 * @property {import('../index').Supply} supply
 * @property {import('../index').StackOptions} options
 * @property {Record<string, string>} env what every server gets
 * @property {Ports} ports
 *
 * @typedef {object} Plan
 * @property {string} command
 * @property {string[]} args
 * @property {string} cwd
 * @property {Record<string, string>} env on top of what every server gets
 * @property {import('./account').Account | undefined} account
 * @property {string} address
 *
 * @typedef {object} Launcher
 * @property {Ports} ports their names, and the well-known number of each
 * @property {NodeJS.Signals} stopSignal
 * @property {(preparation: Preparation) => Promise<void>} prepare repeatable: makes folders and files that are missing
 * @property {(preparation: Preparation) => Plan} plan
 * @property {(dead: { cwd: string, pid: number }) => void} [forget] clears what a dead process left that would stop the next one
 * @property {(running: { ports: Ports }) => Promise<string | undefined>} ready undefined when it can be worked with
 */

/** @type {Record<import('../index').Part, Launcher>} */
const launchers = {
  postgres: require('./postgres'),
  kafka: require('./kafka'),
  elasticsearch: require('./elasticsearch'),
  redis: require('./redis'),
  temporal: require('./temporal'),
};

/**
 * Little of our own environment goes to the servers: JAVA_TOOL_OPTIONS, PGDATA or TEMPORAL_* of a developer's shell
 * would change them, and secrets have no business there.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {Record<string, string>}
 */
function serverEnvironment(env) {
  const kept = ['PATH', 'LANG', 'TMPDIR'].flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]]));
  return { ...Object.fromEntries(kept), TZ: 'UTC' };
}

module.exports = { launchers, serverEnvironment };
