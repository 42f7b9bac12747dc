'use strict';

require('./node-version');
const { partsFor, refusal } = require('./bench-selection');
const { reportFailure } = require('./report-failure');
const { runOnStack } = require('./run-on-stack');

/**
 * `npm run bench -- <measure>`: on a stack of its own, unlike the one for tests: with fsync, full heaps and Java's
 * thorough compiler. Servers at half speed would flatter whoever stands before them.
 */
async function main() {
  const args = process.argv.slice(2);
  // Before anything is compiled or started for it.
  const refused = refusal(args);
  if (refused !== null) {
    console.error(refused);
    process.exitCode = 2;
    return;
  }
  process.exitCode = await runOnStack({
    name: 'bench',
    parts: partsFor(args),
    build: true,
    options: {},
    args: ['dist/bench/main.js', ...args],
  });
}

main().catch(reportFailure);
