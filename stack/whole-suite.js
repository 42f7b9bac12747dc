'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { project } = require('./bootstrap');
const { reportFailure } = require('./report-failure');
const { mayTryAgain } = require('./second-try');

/**
 * Every suite, on servers that are up. What showed nothing because time ran out is run once more by itself, and named as
 * unsteady at the end, whichever way that goes.
 */
async function main() {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'slipstream-report-'));
  try {
    const outputFile = path.join(directory, 'report.json');
    process.exitCode = await runJest(['--json', `--outputFile=${outputFile}`]);
    if (process.exitCode === 0 || !fs.existsSync(outputFile)) return;
    const unsteady = mayTryAgain(JSON.parse(fs.readFileSync(outputFile, 'utf8')));
    if (unsteady === null) return;
    const files = [...new Set(unsteady.map(({ file }) => file))];
    console.error(
      `\nRun again by themselves:\n${files.map((file) => `  ${path.relative(project, file)}`).join('\n')}\n`,
    );
    process.exitCode = await runJest(['--selectProjects', 'live', '--runTestsByPath', ...files]);
    const verdict = process.exitCode === 0 ? 'passed when run again' : 'failed again';
    for (const { test, why } of unsteady) console.error(`UNSTEADY, ${verdict}: ${test}\n  at first: ${why}`);
  } finally {
    fs.rmSync(directory, { recursive: true, force: true });
  }
}

/** @param {string[]} args @returns {Promise<number>} exit code */
function runJest(args) {
  const jest = spawn(process.execPath, ['node_modules/jest/bin/jest.js', ...args], { cwd: project, stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    jest.once('error', reject);
    jest.once('exit', (code) => resolve(code ?? 1));
  });
}

main().catch(reportFailure);
