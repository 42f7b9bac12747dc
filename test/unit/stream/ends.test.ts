import { advanceEnds, emptyEnds, startingEnds, type Landed } from '../../../stream/ends';
import { caught } from './caught';

const topics = { a: 2, b: 1 };
const counts = (a0: number, b0?: number) =>
  new Map([['a', new Map([[0, a0]])], ...(b0 === undefined ? [] : [['b', new Map([[0, b0]])] as const])]);
const landed = (topicName: string, baseOffset: string, partition = 0): Landed => ({ topicName, partition, baseOffset });

test('a log without records ends at zero everywhere', () => {
  expect(emptyEnds(topics)).toEqual({ a: { '0': '0', '1': '0' }, b: { '0': '0' } });
});

test('a table added since begins at zero, one that was left out stays', () => {
  expect(startingEnds(topics, { a: { '0': '5', '1': '6' }, old: { '0': '7' } })).toEqual({
    a: { '0': '5', '1': '6' },
    b: { '0': '0' },
    old: { '0': '7' },
  });
});

test('another number of partitions is log-replaced', () => {
  expect(caught(() => startingEnds(topics, { a: { '0': '5' } }))).toMatchObject({ reason: 'log-replaced' });
});

test('ends are the offsets after the last records', () => {
  const ends = advanceEnds({
    ends: { a: { '0': '5', '1': '6' }, b: { '0': '0' } },
    sentBefore: new Set(),
    counts: counts(3, 1),
    landed: [landed('a', '7'), landed('b', '0')],
  });
  expect(ends).toEqual({ a: { '0': '10', '1': '6' }, b: { '0': '1' } });
});

describe('a transaction is thrown away', () => {
  const ends = emptyEnds(topics);
  const advance = (answers: readonly Landed[], more: Partial<Parameters<typeof advanceEnds>[0]> = {}) =>
    advanceEnds({ ends, sentBefore: new Set<string>(), counts: counts(2), landed: answers, ...more });

  test('when a partition answers twice: its records were sent under two sequences', () => {
    expect(() => advance([landed('a', '0'), landed('a', '2')])).toThrow('answered twice');
  });
  test('when a partition does not answer', () => {
    expect(() => advance([])).toThrow('0 of 1 partitions');
  });
  test('when a partition gives no offset', () => {
    expect(() => advance([landed('a', '-1')])).toThrow('no offset');
  });
  test('when records stand between two sends of one transaction', () => {
    const sentBefore = new Set<string>();
    const first = advance([landed('a', '4')], { sentBefore });
    expect(() => advance([landed('a', '8')], { sentBefore, ends: first })).toThrow('took records from elsewhere');
  });
  test('when offsets begin again: the topic was made anew', () => {
    const again = caught(() => advance([landed('a', '0')], { ends: { a: { '0': '5', '1': '0' } } }));
    expect(again).toMatchObject({ reason: 'log-replaced' });
  });
});
