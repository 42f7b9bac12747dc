'use strict';

/**
 * Something a person has to see to. The message says what happened, to which part, and what to do next; programs that
 * end on it print the message alone, because the stack trace of an installer helps nobody.
 */
class StackFailure extends Error {
  /** @param {string} message @param {{ cause?: unknown, portTaken?: boolean }} [options] */
  constructor(message, options) {
    super(message, options);
    this.name = 'StackFailure';
    /** Another choice of ports may cure it. */
    this.portTaken = options?.portTaken ?? false;
  }
}

/** @param {unknown} error */
const messageOf = (error) => (error instanceof Error ? error.message : String(error));

module.exports = { StackFailure, messageOf };
