'use strict';

require('./node-version');
const { allParts } = require('./parts');
const { reportFailure } = require('./report-failure');
const { runOnStack } = require('./run-on-stack');

/** `npm run rehearse-image`: what the Dockerfile would build, built and run without an engine, on a stack of its own. */
async function main() {
  const args = ['dist/test/docker/rehearsal.js'];
  process.exitCode = await runOnStack({ name: 'image', parts: allParts, build: true, args });
}

main().catch(reportFailure);
