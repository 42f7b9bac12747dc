import { createKeyOrders } from '../../../../capture/copy/key-orders';

const order = (request: string, ...ids: number[]) => ({ request, table: 'public.a', keys: ids.map((id) => ({ id })) });
const part = (keys: number, copied = keys) => ({ keys, copied, deleted: keys - copied });

it('an order of wide rows is done in parts, and told as one', () => {
  const orders = createKeyOrders();
  const whole = order('one', 1, 2, 3);
  orders.tell([whole, order('two', 4)]);
  orders.advance(whole, part(2, 1));
  expect(orders.ended).toEqual([]);
  expect(orders.next).toEqual(order('one', 3));
  orders.tell([whole, order('two', 4)]); // the next slice, which knows of no parts
  expect(orders.next).toEqual(order('one', 3));
  orders.advance(order('one', 3), part(1));
  expect(orders.ended).toEqual([{ request: 'one', table: 'public.a', copied: 2, deleted: 1 }]);
  expect(orders.next).toEqual(order('two', 4));
});

it('an order that has ended is not begun again, however often it is told; one that is not told any more is forgotten', () => {
  const orders = createKeyOrders();
  orders.tell([order('one', 1), order('two', 2)]);
  orders.advance(order('one', 1), part(1));
  orders.tell([order('one', 1), order('two', 2)]);
  expect(orders.next?.request).toBe('two');
  orders.tell([order('one', 1)]);
  expect(orders.next).toBeNull();
});

it('of orders that ended the last eight are told', () => {
  const orders = createKeyOrders();
  for (let at = 0; at < 10; at += 1) orders.end({ request: `${at}`, table: 'public.a', copied: 0, deleted: 0 });
  expect(orders.ended.map(({ request }) => request)).toEqual(['2', '3', '4', '5', '6', '7', '8', '9']);
});
