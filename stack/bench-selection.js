'use strict';

/** A whole pipeline with the example's two stores. @type {readonly import('./index').Part[]} */
const pipeline = ['postgres', 'kafka', 'elasticsearch', 'temporal'];

/** What each measure says that it needs, for those who start the servers before it is compiled. */
/** @type {Record<string, readonly import('./index').Part[]>} */
const partsOfMeasure = {
  capture: ['postgres', 'kafka'],
  copy: ['postgres', 'kafka'],
  postgres: ['postgres', 'kafka'],
  elasticsearch: ['postgres', 'kafka', 'elasticsearch'],
  redis: ['postgres', 'kafka', 'redis'],
  latency: pipeline,
  takeover: pipeline,
  idle: ['postgres', 'kafka'],
  leader: ['postgres', 'kafka'],
};

/**
 * The servers for these arguments; none for `report`.
 *
 * @param {readonly string[]} args
 * @returns {readonly import('./index').Part[]}
 */
function partsFor(args) {
  const measure = args.find((arg) => Object.hasOwn(partsOfMeasure, arg));
  return (measure !== undefined && partsOfMeasure[measure]) || [];
}

/**
 * Why these arguments name no bench, or null. Options are the program's own to judge.
 *
 * @param {readonly string[]} args
 * @returns {string | null}
 */
function refusal(args) {
  const known = [...Object.keys(partsOfMeasure), 'report'];
  if (args.some((arg) => known.includes(arg))) return null;
  const said = args.find((arg) => !arg.startsWith('-'));
  const what = said === undefined ? 'Name one measure.' : `There is no measure '${said}'.`;
  return `${what} Measures: ${Object.keys(partsOfMeasure).join(', ')}. "npm run bench -- report" writes docs/performance.md.`;
}

module.exports = { partsOfMeasure, partsFor, refusal };
