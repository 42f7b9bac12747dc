'use strict';

const { StackFailure } = require('./failure');

/**
 * The end of a command line program that failed: our own failures are sentences for people, others are bugs and keep
 * their trace. Ctrl-C has the exit code that shells expect.
 *
 * @param {unknown} error
 */
function reportFailure(error) {
  if (error instanceof Error && error.name === 'AbortError') {
    process.exitCode = 130;
    return;
  }
  console.error(error instanceof StackFailure ? `\n${error.message}` : error);
  process.exitCode = 1;
}

module.exports = { reportFailure };
