'use strict';

/**
 * The first dotted number of a text: `PostgreSQL 15.18 (Debian …)` → `15.18`, `openjdk version "17.0.15"` → `17.0.15`.
 *
 * @param {string} text
 */
const versionIn = (text) => /(\d+(?:\.\d+)*)/.exec(text)?.[1];

/** @param {string} version @param {string} oldest */
function isAtLeast(version, oldest) {
  const have = version.split('.').map(Number);
  const want = oldest.split('.').map(Number);
  for (let i = 0; i < want.length; i += 1) {
    const difference = (have[i] ?? 0) - (want[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** Java 8 called itself 1.8. @param {string} version */
const javaMajor = (version) => Number(version.startsWith('1.') ? version.split('.')[1] : version.split('.')[0]);

module.exports = { versionIn, isAtLeast, javaMajor };
