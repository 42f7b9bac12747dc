'use strict';

require('./node-version');
const { allParts } = require('./parts');
const { reportFailure } = require('./report-failure');
const { runOnStack } = require('./run-on-stack');

/**
 * `npm run faults -- --tier real --runs N --seed S`: the fault runner on a stack of its own. The model tier has no
 * servers to break.
 */
async function main() {
  const args = process.argv.slice(2);
  const real = args.join(' ').replace('=', ' ').includes('--tier real');
  process.exitCode = await runOnStack({
    name: 'faults',
    parts: real ? allParts : [],
    build: true,
    args: ['dist/test/faults/main.js', ...args],
  });
}

main().catch(reportFailure);
