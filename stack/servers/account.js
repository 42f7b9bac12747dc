'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { StackFailure } = require('../failure');

/** @typedef {{ uid: number, gid: number }} Account */

/**
 * PostgreSQL and Elasticsearch refuse to run as root. `nobody` exists everywhere, and initdb wants a user with an entry
 * in the password file.
 *
 * @returns {Account | undefined} undefined when we are not root and run them as ourselves
 */
function serverAccount() {
  if (process.getuid?.() !== 0) return undefined;
  const line = fs
    .readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((one) => one.startsWith('nobody:'));
  const [, , uid, gid] = line?.split(':') ?? [];
  if (uid === undefined || gid === undefined) {
    throw new StackFailure(
      'PostgreSQL and Elasticsearch do not run as root, and this machine has no user "nobody" to run them as. Run this as an ordinary user, or add that user.',
    );
  }
  return { uid: Number(uid), gid: Number(gid) };
}

/**
 * Whether that account can enter the folder: every folder above it has to let others through.
 *
 * @param {string} directory need not exist yet
 * @param {Account | undefined} [account]
 */
function isReachable(directory, account = serverAccount()) {
  if (account === undefined) return true;
  for (let folder = path.resolve(directory); ; folder = path.dirname(folder)) {
    try {
      if ((fs.statSync(folder).mode & 0o001) === 0) return false;
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ENOENT') throw error;
    }
    if (folder === path.dirname(folder)) return true;
  }
}

/** @param {string} directory @param {Account | undefined} account */
function makeFolderFor(directory, account) {
  fs.mkdirSync(directory, { recursive: true, mode: 0o755 });
  if (account !== undefined) fs.chownSync(directory, account.uid, account.gid);
}

module.exports = { serverAccount, isReachable, makeFolderFor };
