'use strict';

require('./node-version');
const { allParts } = require('./parts');
const { reportFailure } = require('./report-failure');
const { runOnStack } = require('./run-on-stack');

/** `npm run screenshots`: takes the pictures of docs/images anew, of the example on a stack of its own. Needs Chromium. */
async function main() {
  const args = ['dist/examples/screenshots/main.js'];
  process.exitCode = await runOnStack({ name: 'screenshots', parts: allParts, build: true, args });
}

main().catch(reportFailure);
