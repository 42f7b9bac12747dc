'use strict';

/**
 * Ctrl-C and SIGTERM as something to wait for. Handlers stay in place until `dispose`: a second Ctrl-C, out of
 * impatience, must not end us in the middle of stopping servers and leave the rest running.
 */
function untilSignal() {
  const controller = new AbortController();
  const stop = () => controller.abort();
  const names = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
  for (const name of names) process.on(name, stop);
  // Waiting for a signal alone does not keep a process alive.
  const alive = setInterval(() => {}, 1 << 30);
  return {
    signal: controller.signal,
    /** @type {Promise<void>} */
    received: new Promise((resolve) => controller.signal.addEventListener('abort', () => resolve(), { once: true })),
    dispose() {
      clearInterval(alive);
      for (const name of names) process.off(name, stop);
    },
  };
}

module.exports = { untilSignal };
