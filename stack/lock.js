'use strict';

const fs = require('node:fs');
const { randomUUID } = require('node:crypto');
const { setTimeout: pause } = require('node:timers/promises');
const { identityOf, isAlive } = require('./processes/identity');

/** @typedef {import('./processes/identity').Identity} Identity */

/** @param {string} file @returns {Identity | undefined} */
function holderOf(file) {
  try {
    const { pid, start } = JSON.parse(fs.readFileSync(file, 'utf8'));
    return { pid, start };
  } catch {
    return undefined;
  }
}

/**
 * Makes the lock exist together with its content: a link is made whole or not at all, so nobody ever reads an empty
 * lock and takes its holder for dead.
 *
 * @param {string} file
 * @param {Identity} holder
 */
function create(file, holder) {
  const draft = `${file}.${process.pid}.${randomUUID()}`;
  fs.writeFileSync(draft, JSON.stringify(holder));
  try {
    fs.linkSync(draft, file);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false;
    throw error;
  } finally {
    fs.rmSync(draft, { force: true });
  }
}

/**
 * Removes the lock of a dead holder. Two waiters may judge the same lock stale; the slower one would then move away the
 * *new* holder's lock. So what was moved is looked at, and put back when it was not the stale one.
 *
 * @param {string} file
 */
function removeStale(file) {
  const aside = `${file}.stale.${process.pid}.${randomUUID()}`;
  try {
    fs.renameSync(file, aside);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return;
    throw error;
  }
  if (isAlive(holderOf(aside))) {
    try {
      fs.linkSync(aside, file);
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    }
  }
  fs.rmSync(aside, { force: true });
}

/**
 * Runs `body` while this process, and no other, holds the lock `file`. A holder that died is replaced.
 *
 * @template T
 * @param {object} request
 * @param {string} request.file
 * @param {(holder: Identity) => void} [request.onWait] called once, when another process holds it
 * @param {AbortSignal | undefined} [request.signal]
 * @param {() => Promise<T>} body
 * @returns {Promise<T>}
 */
async function withLock({ file, onWait, signal }, body) {
  const self = identityOf(process.pid) ?? { pid: process.pid, start: 0 };
  let told = false;
  while (!create(file, self)) {
    signal?.throwIfAborted();
    const holder = holderOf(file);
    if (holder === undefined && !fs.existsSync(file)) continue;
    if (holder === undefined || !isAlive(holder)) {
      removeStale(file);
      continue;
    }
    if (!told) onWait?.(holder);
    told = true;
    await pause(200, undefined, signal ? { signal } : undefined);
  }
  try {
    return await body();
  } finally {
    fs.rmSync(file, { force: true });
  }
}

module.exports = { withLock };
