'use strict';

const fs = require('node:fs');
const path = require('node:path');
const versions = require('../versions/versions.json');
const { StackFailure } = require('../failure');
const { ask, fetchBy, run } = require('./command');
const { install, installed, installLog } = require('./cache');
const { findGo } = require('./toolchain');
const { isAtLeast, versionIn } = require('./version');
const { orElse } = require('./ways');

const pinned = versions.temporal;

/** @param {string} binary @returns {Promise<string | undefined>} */
async function versionAt(binary) {
  const text = await ask(binary, ['--version']);
  return text === undefined ? undefined : versionIn(text);
}

/**
 * The service from which Temporal's SDKs fetch the CLI: it answers with the archive's address.
 *
 * @param {NodeJS.Platform} platform
 * @param {string} arch Node's name
 */
const downloadQuestion = (platform, arch) =>
  `https://temporal.download/cli/v${pinned.version}?platform=${platform}&arch=${arch === 'x64' ? 'amd64' : arch}&format=tar.gz`;

/** @param {import('./ways').Surroundings} surroundings @returns {import('./ways').Way[]} */
function ways({ env, platform, arch, cache, report, signal }) {
  const name = `temporal-${pinned.version}-${platform}-${arch}`;
  const logFile = installLog(cache, name);
  /** @param {(directory: string) => Promise<void>} fill */
  const installBinary = async (fill) => {
    const home = await install({ cache, name, report, signal }, async (directory) => {
      await fill(directory);
      const found = await versionAt(path.join(directory, 'temporal'));
      if (found !== pinned.version)
        throw new StackFailure(
          `The Temporal CLI says it is ${found ?? 'nothing: it does not run'}, not ${pinned.version}. See ${logFile}.`,
        );
    });
    return { path: path.join(home, 'temporal'), version: pinned.version };
  };
  return [
    {
      source: 'installed',
      attempt: async () => {
        const asked = env['SLIPSTREAM_TEMPORAL_BIN'];
        if (!asked) return '';
        const found = await versionAt(asked);
        if (found !== undefined && isAtLeast(found, pinned.oldest)) return { path: asked, version: found };
        const why = found === undefined ? 'does not run' : `is ${found}`;
        throw new StackFailure(
          `SLIPSTREAM_TEMPORAL_BIN: ${asked} ${why}; Temporal CLI ${pinned.oldest} or newer is needed. Correct it, or unset it.`,
        );
      },
    },
    {
      source: 'installed',
      attempt: async () => {
        const found = await versionAt('temporal');
        if (found === undefined) return '';
        if (!isAtLeast(found, pinned.oldest)) return `the "temporal" on PATH is ${found}, older than ${pinned.oldest}`;
        const folder = (env['PATH'] ?? '')
          .split(path.delimiter)
          .find((one) => fs.existsSync(path.join(one, 'temporal')));
        return { path: path.join(folder ?? '', 'temporal'), version: found };
      },
    },
    {
      source: 'cache',
      attempt: async () => {
        const home = installed(cache, name);
        return home === undefined ? '' : { path: path.join(home, 'temporal'), version: pinned.version };
      },
    },
    orElse({
      source: 'download',
      attempt: () => {
        report(`asking Temporal's download service for ${pinned.version}`);
        return installBinary((directory) => download(directory, downloadQuestion(platform, arch), logFile, signal));
      },
    }),
    {
      source: 'build',
      attempt: async () => {
        const go = await findGo(`The Temporal CLI ${pinned.version}`).catch((error) => String(error.message));
        if (go.includes('\n')) return go;
        report('building it with Go: some minutes, once');
        return installBinary((directory) => build(directory, go, logFile, signal));
      },
    },
  ];
}

/**
 * @param {string} directory
 * @param {string} question
 * @param {string} logFile
 * @param {AbortSignal | undefined} signal
 */
async function download(directory, question, logFile, signal) {
  // Short for the question, since most machines without internet access drop packets rather than refuse; long for the archive.
  const within = (/** @type {number} */ ms) =>
    signal ? AbortSignal.any([signal, AbortSignal.timeout(ms)]) : AbortSignal.timeout(ms);
  const refuse = (/** @type {unknown} */ reason) =>
    new StackFailure(
      `Temporal's download service cannot be used from here (${reason instanceof Error ? reason.message : reason})`,
    );
  const archive = path.join(directory, 'temporal.tar.gz');
  try {
    const answer = await fetch(question, { signal: within(4_000) });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const { archiveUrl } = /** @type {{ archiveUrl: string }} */ (await answer.json());
    const body = await fetch(archiveUrl, { signal: within(300_000) });
    if (!body.ok) throw new Error(`status ${body.status} for the archive`);
    fs.writeFileSync(archive, Buffer.from(await body.arrayBuffer()));
  } catch (error) {
    signal?.throwIfAborted();
    throw refuse(error);
  }
  await run({
    what: 'tar, unpacking the Temporal CLI',
    command: 'tar',
    args: ['-xzf', archive, '-C', directory],
    cwd: directory,
    logFile,
    cure: 'Is there room on the disk?',
    signal,
  });
  fs.rmSync(archive);
}

/**
 * `go install …@version` refuses this module because it replaces one of its parts, hence a module of our own that
 * requires it. Go keeps what it compiled: an aborted build goes on where it ended.
 *
 * @param {string} directory
 * @param {string} go
 * @param {string} logFile
 * @param {AbortSignal | undefined} signal
 */
async function build(directory, go, logFile, signal) {
  for (const file of ['go.mod', 'go.sum'])
    fs.copyFileSync(path.join(__dirname, '..', 'versions', 'temporal', file), path.join(directory, file));
  // Unset, the CLI calls itself 0.0.0-DEV and would be taken for an old one.
  const stamp = `-s -w -X github.com/temporalio/cli/internal/temporalcli.Version=${pinned.version}`;
  await fetchBy({
    what: 'Go, building the Temporal CLI',
    command: go,
    args: [
      'build',
      '-ldflags',
      stamp,
      '-o',
      path.join(directory, 'temporal'),
      'github.com/temporalio/cli/cmd/temporal',
    ],
    cwd: directory,
    env: { CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false', GOWORK: 'off' },
    logFile,
    cure: 'Check the network and GOPROXY (go env GOPROXY), then run it again: it goes on where it ended. Or set SLIPSTREAM_TEMPORAL_BIN to a Temporal CLI.',
    signal,
  });
}

module.exports = { ways, downloadQuestion };
