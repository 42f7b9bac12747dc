'use strict';

const { allParts } = require('./parts');

/** What the suites of each Jest project need to run. @type {Record<string, readonly import('./index').Part[]>} */
const partsOf = { unit: [], workflow: ['temporal'], live: allParts };

/**
 * Reads the arguments of `npm test -- …`: names of projects (`unit workflow`) become `--selectProjects`, the rest goes
 * to Jest as it is. Only the servers that the selected projects need are started.
 *
 * @param {readonly string[]} args
 * @returns {{ jestArgs: string[], parts: readonly import('./index').Part[] }}
 */
function selectTests(args) {
  /** @type {string[]} */
  const projects = [];
  const rest = [];
  let inSelection = false;
  for (const arg of args) {
    const [flag, value] = arg.split('=');
    if (flag === '--selectProjects') {
      inSelection = value === undefined;
      if (value !== undefined) projects.push(value);
      continue;
    }
    if (arg.startsWith('-')) inSelection = false;
    if (inSelection || partsOf[arg] !== undefined) projects.push(arg);
    else rest.push(arg);
  }
  const needed = new Set(
    projects.length === 0 ? allParts : projects.flatMap((project) => partsOf[project] ?? allParts),
  );
  return {
    // Last: Jest takes every word after the flag for a project, a test's path as well.
    jestArgs: projects.length === 0 ? rest : [...rest, '--selectProjects', ...projects],
    parts: allParts.filter((part) => needed.has(part)),
  };
}

module.exports = { selectTests };
