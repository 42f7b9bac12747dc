import { mayTryAgain } from '../../../stack/second-try';
import { waitFor } from '../../support/wait';

const file = '/project/test/live/core/crash.live.test.ts';

function failed(message: string, { title = 'SIGKILL', name = file } = {}) {
  const result = { fullName: `crash ${title}`, title, status: 'failed', failureMessages: [message] };
  const passed = { fullName: 'crash other', title: 'other', status: 'passed', failureMessages: [] };
  return { name, status: 'failed', assertionResults: [passed, result] };
}
const report = (...testResults: ReturnType<typeof failed>[]) => ({ success: false, testResults });

/** What a wait that fails says, as Jest reports it. */
async function saidByWait(conclusive: boolean): Promise<string> {
  const wait = { what: 'all rows', seconds: 0, look: () => Promise.resolve(1), until: () => false, conclusive };
  const error = await waitFor(wait).then(
    () => new Error('it did not fail'),
    (reason: Error) => reason,
  );
  return `\u001b[1mError\u001b[22m: ${error.message}\n    at somewhere`;
}

test('a live test that ran out of time is run once more, and so is a control that saw no harm', async () => {
  const late = await saidByWait(false);
  expect(mayTryAgain(report(failed(late)))).toEqual([
    { file, test: 'crash SIGKILL', why: 'Error: Waited 0 s for all rows. Seen last: 1' },
  ]);
  expect(mayTryAgain(report(failed('thrown: "Exceeded timeout of 540000 ms for a test.')))).toHaveLength(1);
  const harmless = failed('Error: expect(received).not.toEqual(expected)', { title: 'control: without the fence' });
  expect(mayTryAgain(report(harmless))).toHaveLength(1);
});

test('what a test has seen stands: differences, wrong values, errors', async () => {
  for (const shown of [await saidByWait(true), 'Error: expect(received).toEqual(expected)', 'TypeError: no']) {
    expect(mayTryAgain(report(failed(shown)))).toBeNull();
    const late = failed(await saidByWait(false), { name: '/project/test/live/core/copy.live.test.ts' });
    expect(mayTryAgain(report(failed(shown), late))).toBeNull();
  }
});

test('no second run for other suites, for files that do not load, for more than two files, and for no failure', async () => {
  const late = await saidByWait(false);
  expect(mayTryAgain(report(failed(late, { name: '/project/test/unit/model/keys.test.ts' })))).toBeNull();
  expect(mayTryAgain(report({ name: file, status: 'failed', assertionResults: [] }))).toBeNull();
  const files = ['a', 'b', 'c'].map((name) => failed(late, { name: `/project/test/live/${name}.live.test.ts` }));
  expect(mayTryAgain(report(...files.slice(1)))).toHaveLength(2);
  expect(mayTryAgain(report(...files))).toBeNull();
  expect(mayTryAgain({ success: true, testResults: [] })).toBeNull();
});
