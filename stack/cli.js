'use strict';

const path = require('node:path');
const { setTimeout: pause } = require('node:timers/promises');
const { StackFailure } = require('./failure');
const { allParts, isPart } = require('./parts');
const { isAlive } = require('./processes/identity');
const { showProgress, timings } = require('./progress');
const { provision } = require('./provision');
const { reportFailure } = require('./report-failure');
const { forTests } = require('./run-on-stack');
const { readStack } = require('./servers/record');

const { attachStack } = require('./handle');
const { openStack } = require('./open');
const { untilSignal } = require('./until-signal');

const usage = `usage: node stack/cli.js provision [part ...]       find or install the servers
       node stack/cli.js up --data DIR [--test]    start them, print their addresses, stop them on Ctrl-C
       node stack/cli.js down --data DIR           stop them from elsewhere
       node stack/cli.js status --data DIR
parts: ${allParts.join(' ')}
--test: random ports, small heaps, no fsync`;

/** @param {string[]} args */
async function main(args) {
  const [command, ...rest] = args;
  const at = rest.indexOf('--data');
  const data = at < 0 ? undefined : rest[at + 1];
  const parts = rest.filter(isPart);
  if (command === 'provision') return provisionOnly(parts.length > 0 ? parts : allParts);
  if (data === undefined) throw new StackFailure(usage);
  const directory = path.resolve(data);
  if (command === 'up') return up(directory, parts.length > 0 ? parts : allParts, rest.includes('--test'));
  if (command === 'down') return down(directory);
  if (command === 'status') return status(directory);
  throw new StackFailure(usage);
}

/** @param {readonly import('./index').Part[]} parts */
async function provisionOnly(parts) {
  const stop = untilSignal();
  const progress = showProgress(process.stderr);
  try {
    const supplies = await provision({ parts, report: progress.report, signal: stop.signal });
    progress.end();
    console.log(timings(supplies, {}));
  } finally {
    progress.end();
    stop.dispose();
  }
}

/** @param {string} directory @param {readonly import('./index').Part[]} parts @param {boolean} asTests */
async function up(directory, parts, asTests) {
  const stop = untilSignal();
  const progress = showProgress(process.stderr);
  const { report } = progress;
  try {
    const supplies = await provision({ parts, report, signal: stop.signal });
    const options = asTests ? forTests : { preferWellKnownPorts: true };
    const stack = await openStack({ directory, parts, options, supplies, report, signal: stop.signal });
    progress.end();
    console.error(timings(supplies, stack.launchSeconds));
    console.log(JSON.stringify(stack.addresses, null, 2));
    await stop.received;
    await stack.stop();
  } finally {
    progress.end();
    stop.dispose();
  }
}

/** The owner is asked first: it has clients of its own to end before the servers. @param {string} directory */
async function down(directory) {
  const stack = attachStack(directory);
  const owner = readStack(directory)?.owner;
  if (owner !== undefined && isAlive(owner)) {
    process.kill(owner.pid, 'SIGTERM');
    for (let tries = 0; tries < 300 && isAlive(owner); tries += 1) await pause(100);
  }
  await stack.stop();
}

/** @param {string} directory */
function status(directory) {
  const { addresses, servers } = attachStack(directory);
  const rows = allParts.map((part) => [
    part,
    {
      address: addresses[part],
      pid: servers[part].pid,
      running: servers[part].isRunning(),
      logFile: servers[part].logFile,
    },
  ]);
  console.log(JSON.stringify(Object.fromEntries(rows), null, 2));
}

main(process.argv.slice(2)).catch(reportFailure);
