'use strict';

require('./node-version');
const { reportFailure } = require('./report-failure');
const { runOnStack } = require('./run-on-stack');
const { selectTests } = require('./test-selection');

/**
 * `npm test [-- unit|workflow|live …] [-- Jest's arguments]`: installs, builds and starts what the selected tests need,
 * runs them, stops it all.
 */
async function main() {
  const { jestArgs, parts } = selectTests(process.argv.slice(2));
  const args = jestArgs.length === 0 ? ['stack/whole-suite.js'] : ['node_modules/jest/bin/jest.js', ...jestArgs];
  // Live tests start workers, which are compiled; the others are compiled by Jest.
  process.exitCode = await runOnStack({ name: 'test', parts, build: parts.length > 1, args });
}

main().catch(reportFailure);
