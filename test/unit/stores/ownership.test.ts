import { judgeBatch, mayOwn, mismatch, ownerToken } from '../../../stores/ownership';
import type { Owner } from '../../../stores/store';
import { batch, generation, offsets, owner } from '../../contract/fixture';

const at = (scheduledMs: number, over: Partial<Owner> = {}): Owner => ({ ...owner(scheduledMs), ...over });

describe('who may take a lane', () => {
  test.each<[string, Owner | null, Owner, boolean]>([
    ['nobody has it', null, at(1), true],
    ['scheduled later', at(10), at(11), true],
    ['scheduled earlier', at(10), at(9), false],
    ['scheduled earlier, whatever its attempt', at(10), at(9, { attempt: 5 }), false],
    ['reset: a later first attempt', at(10, { attempt: 5 }), at(11, { attempt: 1 }), true],
    ['the same owner again', at(10), at(10), true],
    ['the same millisecond, a later attempt', at(10), at(10, { attempt: 2 }), true],
    ['the same millisecond, an earlier attempt', at(10, { attempt: 2 }), at(10), false],
    ['the same millisecond, another run: one of the two', at(10, { runId: 'a' }), at(10, { runId: 'b' }), true],
    ['the same millisecond, another run: not the other', at(10, { runId: 'b' }), at(10, { runId: 'a' }), false],
    ['the same millisecond, another activity', at(10, { activityId: '2' }), at(10, { activityId: '1' }), false],
  ])('%s', (_, current, candidate, expected) => {
    expect(mayOwn(current, candidate)).toBe(expected);
  });

  test('the text of an owner does not depend on the order of its properties', () => {
    const { attempt, activityId, runId, scheduledMs } = at(10);
    expect(ownerToken({ attempt, activityId, runId, scheduledMs })).toBe(ownerToken(at(10)));
  });
});

describe('what a batch is to a record', () => {
  const record = { owner: owner(10), next: offsets(5), mappingHash: 'hash-1', logId: 'log-a' };
  const five = batch({ owner: owner(10), from: 5, to: 6 });

  test.each([
    ['the next one', record, five, 'apply'],
    ['the one applied last', { ...record, next: offsets(6) }, five, 'repeated'],
    ['one beyond a hole', record, batch({ owner: owner(10), from: 7, to: 8 }), 'behind'],
    ['one from long ago', { ...record, next: offsets(9) }, five, 'behind'],
    ["another owner's", { ...record, owner: owner(11) }, five, 'fenced'],
    ["another owner's, offsets passed", { ...record, owner: owner(11), next: offsets(9) }, five, 'fenced'],
    ["another owner's, already applied", { ...record, owner: owner(11), next: offsets(6) }, five, 'fenced'],
    ['one for a lane nobody has', { ...record, owner: null }, five, 'fenced'],
    ['under another mapping', { ...record, mappingHash: 'hash-2' }, five, 'behind'],
    ['of another log', { ...record, logId: 'log-b' }, five, 'behind'],
  ] as const)('%s', (_, current, candidate, expected) => {
    expect(judgeBatch(current, generation(1), candidate)).toBe(expected);
  });
});

describe('whether a record may be adopted', () => {
  test.each([
    ['its own', 'hash-1', 'log-a', null],
    ['another mapping', 'hash-2', 'log-a', 'store-behind'],
    ['another log', 'hash-1', 'log-b', 'log-replaced'],
    ['another of both', 'hash-2', 'log-b', 'log-replaced'],
  ])('%s', (_, mappingHash, logId, reason) => {
    expect(mismatch({ mappingHash, logId }, generation(1))?.reason ?? null).toBe(reason);
  });
});
