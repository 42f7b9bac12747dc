'use strict';

const transform = { '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } }] };
const base = {
  transform,
  testEnvironment: 'node',
  // PostgreSQL's data has files that end in `.snap`: Jest would take those of `npm start` for obsolete ones, and fail.
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/.slipstream'],
};

module.exports = {
  // Live suites share two cores with five servers: one at a time, so that a time-out means a fault and not a queue.
  maxWorkers: 1,
  // Tests with a world of their own that mostly wait for heartbeats to be missed do so two at a time (`it.concurrent`).
  maxConcurrency: 2,
  // For hooks and short tests; a live test says its own. A bound finds what hangs, not what is slow.
  testTimeout: 180_000,
  // What a test leaves open (a socket, a timer) is no verdict: with all verdicts known Jest ends, instead of waiting for it
  // for ever. Processes and servers that were left are ended, and counted, by stack/run-on-stack.js.
  forceExit: true,
  projects: [
    {
      ...base,
      displayName: 'unit',
      testMatch: ['<rootDir>/test/{unit,contract}/**/*.test.ts'],
      testPathIgnorePatterns: ['\\.live\\.test\\.ts$'],
    },
    { ...base, displayName: 'workflow', testMatch: ['<rootDir>/test/workflow/**/*.test.ts'] },
    {
      ...base,
      displayName: 'live',
      globalSetup: '<rootDir>/test/support/live-setup.ts',
      testMatch: ['<rootDir>/test/**/*.live.test.ts'],
      testPathIgnorePatterns: ['<rootDir>/test/workflow'],
    },
  ],
};
