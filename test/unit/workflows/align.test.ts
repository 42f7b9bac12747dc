import { align } from '../../../workflows/follow-align';
import { lane, build, blocked, prefix } from './lanes';

const run = (role: 'live' | 'next', order: object) => ({ kind: 'run', role, order });
const step = run('next', { step: true, endWhenCaughtUp: true });
const aligned = { kind: 'aligned' };

const anywhere = (at: number) => ({ rest: 'anywhere', at }) as const;
const closed = (at: number) => ({ rest: 'closed', at }) as const;
const unknown = (at: number) => ({ rest: 'unknown', at }) as const;
const stuck = { trouble: blocked };

test.each([
  ['live is not at rest: a slice says where it really stands', unknown(5), anywhere(9), run('live', { until: '5' })],
  ['next is not at rest', anywhere(5), unknown(3), run('next', { until: '3' })],
  ['next is behind', anywhere(9), closed(5), run('next', { until: '9' })],
  ['live is behind', anywhere(5), closed(9), run('live', { until: '9' })],
  ['nine is before ten', anywhere(9), closed(10), run('live', { until: '10' })],
  ['next is ahead, but may be within a transaction', anywhere(5), anywhere(9), step],
  ['equal and closed', closed(9), closed(9), aligned],
  ['equal, but next may be within a transaction', closed(9), anywhere(9), step],
  ['equal, but live may be within a transaction', anywhere(9), closed(9), step],
  ['equal, and next has seen that nothing follows', anywhere(9), { ...closed(9), sawEnd: true }, aligned],
  ['live is blocked and unknown: the store is asked', { ...unknown(5), ...stuck }, closed(9), { kind: 'look' }],
  ['live is blocked and behind', { ...anywhere(5), ...stuck }, closed(9), aligned],
  ['live is blocked and ahead', { ...anywhere(9), ...stuck }, closed(5), run('next', { until: '9' })],
  ['live is blocked, equal', { ...anywhere(9), ...stuck }, closed(9), step],
  ['live belongs to another log', { ...unknown(9), logId: 'old' }, closed(5), aligned],
  ['live belongs to another log, next may be within a transaction', { ...unknown(9), logId: 'old' }, anywhere(5), step],
] as const)('%s', (_, live, next, expected) => {
  expect(align(lane(live), build({ phase: 'aligning', ...next }), prefix)).toEqual(expected);
});

test('the first generation has nobody to wait for, but must not begin with half a transaction', () => {
  expect(align(null, build({ phase: 'aligning', ...closed(9) }), prefix)).toEqual(aligned);
  expect(align(null, build({ phase: 'aligning', ...anywhere(9) }), prefix)).toEqual(step);
});
