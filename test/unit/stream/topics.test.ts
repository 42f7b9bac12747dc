import { judgeSettings } from '../../../stream/judge-topics';
import { keepingOf, type Keeping } from '../../../stream/keeping';
import { logTopics, tableTopics } from '../../../stream/topics';

const good: Readonly<Record<Keeping, Readonly<Record<string, string>>>> = {
  latest: { 'cleanup.policy': 'compact', 'min.compaction.lag.ms': '1000', 'delete.retention.ms': '1000' },
  window: { 'cleanup.policy': 'delete', 'retention.ms': '1000' },
};
const judged = (keeping: Keeping, settings: Readonly<Record<string, string>>) =>
  judgeSettings(keeping, { topic: 'shop.positions', found: { ...good[keeping], ...settings }, windowMs: 1000 });

test.each<[Keeping, Record<string, string>]>([
  ['latest', {}],
  ['latest', { 'delete.retention.ms': '5000' }],
  ['window', {}],
  ['window', { 'retention.ms': '5000' }],
  ['window', { 'retention.ms': '-1' }],
])('a topic that keeps what it must, or keeps it longer, is accepted: %s, %j', (keeping, settings) =>
  expect(judged(keeping, settings)).toEqual([]),
);

test.each<[Keeping, string, string]>([
  ['latest', 'cleanup.policy', 'delete'],
  ['latest', 'cleanup.policy', 'compact,delete'],
  ['latest', 'min.compaction.lag.ms', '0'],
  ['latest', 'delete.retention.ms', '999'],
  ['window', 'cleanup.policy', 'compact'],
  ['window', 'retention.ms', '999'],
])('%s: %s=%s is refused with the command that mends it', (keeping, setting, value) => {
  const [problem, ...others] = judged(keeping, { [setting]: value });
  expect(others).toEqual([]);
  expect(problem?.cure).toContain(`--topic shop.positions --add-config ${setting}=`);
});

test('each table has a topic of its own', () => {
  expect(tableTopics('shop', ['public.orders', '"Odd"."x.y"'], 4)).toEqual({
    'shop.public.orders': 4,
    'shop.Odd.x-2e-y': 4,
  });
});

test('and beside them the log has one for positions and one for what the tables were', () => {
  const log = { prefix: 'shop', tables: ['public.orders'], partitions: 4 };
  const topics = { 'shop.public.orders': 4, 'shop.positions': 1, 'shop.schemas': 1 };
  expect(logTopics(log)).toEqual(topics);
  expect(logTopics({ ...log, messages: true })).toEqual({ ...topics, 'shop.messages': 4 });
});

test('messages are kept for the window, everything else for ever', () => {
  const log = { prefix: 'shop', tables: ['public.messages'], partitions: 4, messages: true };
  const windowed = Object.keys(logTopics(log)).filter((topic) => keepingOf('shop', topic) === 'window');
  expect(windowed).toEqual(['shop.messages']);
});
