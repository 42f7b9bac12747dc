'use strict';

/** More than this is no bad moment of a machine. */
const mostFiles = 2;

/**
 * What of Jest's report (`--json`) is read here.
 *
 * @typedef {{ fullName: string, title: string, status: string, failureMessages: string[] | null }} TestResult
 * @typedef {{ name: string, status: string, assertionResults: TestResult[] }} FileResult
 * @typedef {{ success: boolean, testResults: FileResult[] }} Report
 * @typedef {{ file: string, test: string, why: string }} Unsteady
 */

/**
 * The failures of a whole run that a second run may answer, or null where the first one stands.
 *
 * A live test that ran out of time and a control that saw no harm have shown nothing: the machine stood still, or what
 * the control needed did not come about. A test that *saw* something (a row that differs, a change lost or repeated, a
 * wrong error) has shown it, and once is enough: there is no second run for any file then.
 *
 * @param {Report} report
 * @returns {Unsteady[] | null}
 */
function mayTryAgain({ success, testResults }) {
  const failed = testResults.filter(({ status }) => status === 'failed');
  if (success || failed.length === 0 || failed.length > mostFiles) return null;
  const unsteady = failed.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === 'failed')
      .map((result) => ({ file: name, test: result.fullName, why: reasonOf(result), shown: hasShown(result) })),
  );
  const everyFileSaysWhy = failed.every(({ name }) => unsteady.some(({ file }) => file === name));
  if (!everyFileSaysWhy || failed.some(({ name }) => !name.endsWith('.live.test.ts'))) return null;
  if (unsteady.some(({ shown }) => shown)) return null;
  return unsteady.map(({ file, test, why }) => ({ file, test, why }));
}

/** @param {TestResult} result */
function hasShown({ title, failureMessages }) {
  const messages = failureMessages ?? [];
  if (messages.length === 0) return true;
  return !(title.startsWith('control: ') || messages.every(ranOutOfTime));
}

/** As test/support/wait.ts and Jest itself say it. @param {string} message */
function ranOutOfTime(message) {
  return /^(?:Error: Waited \d+ s for |thrown: "?Exceeded timeout of )/.test(plain(message));
}

/** @param {TestResult} result */
function reasonOf({ failureMessages }) {
  return (plain((failureMessages ?? [])[0] ?? '').split('\n')[0] ?? '').slice(0, 300);
}

/** @param {string} text */
function plain(text) {
  return text.replace(/\u001b\[\d+m/g, '').trimStart();
}

module.exports = { mayTryAgain };
