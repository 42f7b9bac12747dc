'use strict';

const { allParts } = require('./parts');

/** What each measure says that it needs, for those who start the servers before it is compiled. */
/** @type {Record<string, readonly import('./index').Part[]>} */
const partsOfMeasure = {
  capture: ['postgres', 'kafka'],
  copy: ['postgres', 'kafka'],
  postgres: ['postgres', 'kafka'],
  elasticsearch: ['postgres', 'kafka', 'elasticsearch'],
  latency: allParts,
  takeover: allParts,
};

/**
 * The servers for these arguments. None for what is no measure: the program then names the measures there are.
 *
 * @param {readonly string[]} args
 * @returns {readonly import('./index').Part[]}
 */
function partsFor(args) {
  const measure = args.find((arg) => Object.hasOwn(partsOfMeasure, arg));
  return (measure !== undefined && partsOfMeasure[measure]) || [];
}

module.exports = { partsOfMeasure, partsFor };
