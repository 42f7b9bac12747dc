import { help } from '../../../client/help';
import { CommandFailure, exitCodes, outcomeOf } from '../../../client/outcome';
import { Blocked, InvalidConfig, Unavailable } from '../../../model/errors';

describe('exit codes', () => {
  it('are pinned: scripts match on them', () => {
    expect(exitCodes).toEqual({
      ok: 0,
      failed: 1,
      usage: 2,
      invalidConfig: 3,
      notFound: 4,
      unreachable: 5,
      timeout: 6,
      alreadyRuns: 7,
    });
  });

  it.each([
    [new CommandFailure('timeout', ''), 'timeout'],
    [new InvalidConfig(''), 'invalidConfig'],
    [new Unavailable(''), 'unreachable'],
    [new Blocked('slot-lost', ''), 'failed'],
    [new TypeError(''), 'failed'],
    ['not an error', 'failed'],
  ])('of %p is %s', (error, outcome) => {
    expect(outcomeOf(error)).toBe(outcome);
  });

  it('are all explained by --help', () => {
    for (const code of Object.values(exitCodes)) expect(help).toMatch(new RegExp(`^  ${code} +\\S`, 'm'));
  });
});
