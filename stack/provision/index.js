'use strict';

const { StackFailure, messageOf } = require('../failure');
const { addressVariables, allParts, titles } = require('../parts');
const { answersAt } = require('../servers/probe');
const { cacheDirectory } = require('./cache');
const { firstOpenWay } = require('./ways');

const recipes = {
  postgres: require('./postgres'),
  kafka: require('./kafka'),
  elasticsearch: require('./elasticsearch'),
  redis: require('./redis'),
  temporal: require('./temporal'),
};

/**
 * An address in the environment is an order: when nothing answers there, starting a server of our own instead would
 * have people look at the wrong data.
 *
 * @param {import('../index').Part} part
 * @param {string} address
 */
async function checkAddress(part, address) {
  const problem = await answersAt(part, address);
  if (problem === undefined) return;
  const variable = addressVariables[part];
  throw new StackFailure(
    `${titles[part]}: ${variable} names a server that does not answer (${problem}). Start it, correct ${variable}, or unset it to have one started here.`,
  );
}

/**
 * @param {import('../index').Part} part
 * @param {import('../index').ProvisionRequest} request
 * @returns {Promise<import('../index').Supply>}
 */
async function provisionPart(part, { env = process.env, report = () => {}, signal }) {
  const begin = process.hrtime.bigint();
  const seconds = () => Number(process.hrtime.bigint() - begin) / 1e9;
  const address = env[addressVariables[part]];
  if (address) {
    report(part, 'checking the address given');
    await checkAddress(part, address);
    // The CLI is needed whichever server it talks to: the demo and people start workflows with it.
    if (part !== 'temporal') return { part, source: 'environment', address, version: 'as given', seconds: seconds() };
  }
  report(part, 'looking for it');
  const ways = recipes[part].ways({
    env,
    platform: process.platform,
    arch: process.arch,
    cache: cacheDirectory(env),
    report: (text) => report(part, text),
    signal,
  });
  const found = await firstOpenWay(part, ways, signal);
  report(part, `${found.version} (${found.source})`, 'done');
  return address
    ? { part, ...found, source: 'environment', address, seconds: seconds() }
    : { part, ...found, seconds: seconds() };
}

/** After the first failure: long enough for the other parts to notice that they lack a tool too, so that one error names all. */
const graceMs = 6_000;

/**
 * All parts side by side. When one fails the others are ended soon: half a stack is of no use, and what they had
 * fetched is kept by their tools.
 *
 * @param {import('../index').ProvisionRequest} [request]
 * @returns {Promise<import('../index').Supplies>}
 */
async function provision(request = {}) {
  const stop = new AbortController();
  const signal = request.signal ? AbortSignal.any([request.signal, stop.signal]) : stop.signal;
  /** @type {import('../index').Supplies} */
  const supplies = {};
  /** @type {unknown[]} */
  const failures = [];
  /** @type {NodeJS.Timeout | undefined} */
  let grace;
  await Promise.all(
    (request.parts ?? allParts).map(async (part) => {
      try {
        supplies[part] = await provisionPart(part, { ...request, signal });
      } catch (error) {
        failures.push(error);
        grace ??= setTimeout(() => stop.abort(), graceMs);
      }
    }),
  );
  clearTimeout(grace);
  request.signal?.throwIfAborted();
  const ours = failures.filter((error) => error instanceof StackFailure);
  if (ours.length > 1) throw new StackFailure(ours.map(messageOf).join('\n'));
  if (failures.length > 0) throw ours[0] ?? failures[0];
  return supplies;
}

module.exports = { provision };
