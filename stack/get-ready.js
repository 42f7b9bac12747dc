'use strict';

const { ensureBuild, ensureDependencies } = require('./bootstrap');
const { provision } = require('./provision');

/**
 * Everything before a stack is opened: our own dependencies and build, and the servers' binaries, side by side, because
 * on a fresh machine both mostly wait for the network.
 *
 * @param {object} request
 * @param {readonly import('./index').Part[]} request.parts
 * @param {boolean} request.build
 * @param {ReturnType<import('./progress').showProgress>} request.progress
 * @param {AbortSignal} request.signal
 */
async function getReady({ parts, build, progress, signal: outer }) {
  const stop = new AbortController();
  const signal = AbortSignal.any([outer, stop.signal]);
  const ours = async () => {
    await ensureDependencies({ report: (text, done) => progress.report('dependencies', text, done), signal });
    if (build) await ensureBuild({ report: (text, done) => progress.report('build', text, done), signal });
  };
  const results = await Promise.allSettled(
    [ours(), provision({ parts, report: progress.report, signal })].map((one) =>
      one.catch((error) => {
        stop.abort();
        throw error;
      }),
    ),
  );
  outer.throwIfAborted();
  const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  // The one that was ended for the other's sake has nothing to say.
  const first = reasons.find((reason) => reason?.name !== 'AbortError') ?? reasons[0];
  if (first !== undefined) throw first;
  const [, supplies] = results;
  return /** @type {PromiseFulfilledResult<import('./index').Supplies>} */ (supplies).value;
}

module.exports = { getReady };
