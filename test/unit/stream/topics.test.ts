import { judgeSettings } from '../../../stream/judge-topics';
import { logTopics, tableTopics } from '../../../stream/topics';

const good = { 'cleanup.policy': 'compact', 'min.compaction.lag.ms': '1000', 'delete.retention.ms': '1000' };

test('a topic that keeps what it must is accepted, and so is one that keeps it longer', () => {
  expect(judgeSettings('shop.positions', good, 1000)).toEqual([]);
  expect(judgeSettings('shop.positions', { ...good, 'delete.retention.ms': '5000' }, 1000)).toEqual([]);
});

test.each([
  ['cleanup.policy', 'delete'],
  ['cleanup.policy', 'compact,delete'],
  ['min.compaction.lag.ms', '0'],
  ['delete.retention.ms', '999'],
])('%s=%s is refused with the command that mends it', (setting, value) => {
  const [problem, ...others] = judgeSettings('shop.positions', { ...good, [setting]: value }, 1000);
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
  expect(logTopics('shop', ['public.orders'], 4)).toEqual({
    'shop.public.orders': 4,
    'shop.positions': 1,
    'shop.schemas': 1,
  });
});
