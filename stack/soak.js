'use strict';

require('./node-version');
const { allParts } = require('./parts');
const { reportFailure } = require('./report-failure');
const { runOnStack } = require('./run-on-stack');

/** `npm run soak -- --minutes N --seed S`: a pipeline under load and kills for a while, on a stack of its own. */
async function main() {
  process.exitCode = await runOnStack({
    name: 'soak',
    parts: allParts,
    build: true,
    args: ['dist/test/soak/main.js', ...process.argv.slice(2)],
  });
}

main().catch(reportFailure);
