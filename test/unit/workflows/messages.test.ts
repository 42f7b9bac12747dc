import { checkCopied, checkCopy, checkParked, checkOwn, checkRebuild, checkTarget } from '../../../workflows/arguments';
import * as messages from '../../../workflows/messages';
import { breakerDelayMs } from '../../../workflows/breaker';
import { withProblem } from '../../../workflows/problems';
import { sameJson } from '../../../workflows/same';

test.each([
  [undefined, {}],
  [null, {}],
  [{}, {}],
  [{ store: 'search' }, { store: 'search' }],
])('a target may be %j', (input, value) => {
  expect(checkTarget('pause', input)).toEqual({ ok: true, value });
});

test.each([
  [7, 'pause: the input is not an object. Send nothing, or {"store":"search"}.'],
  [['search'], 'pause: the input is not an object. Send nothing, or {"store":"search"}.'],
  [{ store: 7 }, 'pause: \'store\' is not a name. Send nothing, or {"store":"search"}.'],
  [{ stroe: 'search' }, 'pause: unknown field \'stroe\'. Send nothing, or {"store":"search"}.'],
])('a target may not be %j', (input, why) => {
  expect(checkTarget('pause', input)).toEqual({ ok: false, why });
});

test.each([
  [{ store: 'search', reason: 'new mapping' }],
  [{ store: 'search', reason: 'new mapping', definition: { type: 'postgres' } }],
])('a rebuild may be %j', (value) => {
  expect(checkRebuild(value, { storeNeeded: true })).toEqual({ ok: true, value });
});

test.each<[unknown, string]>([
  [undefined, 'the input is not an object'],
  [{ reason: 'why' }, "'store' is missing"],
  [{ store: 'search' }, "'reason' is missing"],
  [{ store: 'search', reason: ' ' }, "'reason' is missing"],
  [{ store: 'search', reason: 'x'.repeat(201) }, 'longer than 200'],
  [{ store: 'search', reason: 'why', definition: 'tables' }, "'definition' is not an object"],
  [{ store: 'search', reason: 'why', from: 'source' }, '\'from\' can only be "log"'],
  [{ store: 'search', reason: 'why', gate: {} }, "'gate' is not there yet"],
  [{ store: 'search', reason: 'why', why: 'not' }, "unknown field 'why'"],
])('a rebuild may not be %j', (input, why) => {
  const checked = checkRebuild(input, { storeNeeded: true });
  expect(checked.ok ? '' : checked.why).toContain(why);
});

test.each([
  [{ table: 'public.orders' }],
  [{ table: 'public.orders', keys: [{ id: 17 }, { id: '9007199254740993' }] }],
  [{ table: 'public.orders', keys: [{ region: 'north', open: true }] }],
  [{ action: 'pause' }],
  [{ action: 'resume' }],
])('an order for the copy may be %j', (value) => {
  expect(checkCopy(value)).toEqual({ ok: true, value });
});

test.each<[unknown, string]>([
  [undefined, 'the input is not an object'],
  [{}, "give either 'table' or 'action'"],
  [{ table: 'public.orders', action: 'pause' }, "give either 'table' or 'action'"],
  [{ table: 7 }, "'table' is not a name"],
  [{ action: 'stop' }, '\'action\' can only be "pause" or "resume"'],
  [{ table: 'public.orders', keys: [] }, "'keys' is not a list of keys"],
  [{ table: 'public.orders', keys: [{ id: 1 }, 1] }, 'key 2 is not an object'],
  [{ table: 'public.orders', keys: [{}] }, 'key 1 names no column'],
  [{ table: 'public.orders', keys: [{ id: null }] }, 'key 1 has a value that is no text, number or boolean'],
  [{ table: 'public.orders', keys: [{ id: 2 ** 53 }] }, 'key 1 has a number that JSON cannot keep exactly'],
  [{ table: 'public.orders', keys: Array.from({ length: 101 }, (_, id) => ({ id })) }, '100 at most'],
  [{ table: 'public.orders', keys: [{ id: 'x'.repeat(5_000) }] }, '4096 at most'],
  [{ keys: [{ id: 1 }], action: 'pause' }, "'keys' are of a 'table'"],
  [{ tables: ['public.orders'] }, "unknown field 'tables'"],
])('an order for the copy may not be %j', (input, why) => {
  const checked = checkCopy(input);
  expect(checked.ok ? '' : checked.why).toContain(why);
});

test('only what is captured can be copied again', () => {
  expect(checkCopied({ table: 'public.a' }, ['public.a'])).toBeNull();
  expect(checkCopied({ action: 'pause' }, ['public.a'])).toBeNull();
  expect(checkCopied({ table: 'public.b' }, ['public.a'])).toBe(
    "copy: 'public.b' is not captured. Captured are public.a.",
  );
});

test('sent to the store itself, a rebuild need not name it, and must not name another', () => {
  expect(checkRebuild({ reason: 'why', from: 'log' }, { storeNeeded: false })).toEqual({
    ok: true,
    value: { reason: 'why' },
  });
  expect(checkOwn('rebuild', undefined, 'search')).toBeNull();
  expect(checkOwn('rebuild', 'search', 'search')).toBeNull();
  expect(checkOwn('rebuild', 'replica', 'search')).toContain("this is 'search', not 'replica'");
});

test('the breaker waits 5 s, doubling to 60 s, for ever', () => {
  expect([0, 1, 2, 3, 4, 5, 6, 1_000].map(breakerDelayMs)).toEqual([
    0, 5_000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000,
  ]);
});

test('the same problem raises its count and comes last; ten are remembered', () => {
  const named = (message: string) => ({ type: 'Unavailable', message });
  let problems = withProblem([], named('a'), 0);
  for (const name of ['b', 'a']) problems = withProblem(problems, named(name), 1_000);
  expect(problems).toEqual([
    { ...named('b'), count: 1, at: '1970-01-01T00:00:01.000Z' },
    { ...named('a'), count: 2, at: '1970-01-01T00:00:01.000Z' },
  ]);
  for (let count = 0; count < 20; count += 1) problems = withProblem(problems, named(String(count)), 0);
  expect(problems).toHaveLength(10);
});

test.each<[unknown, unknown, boolean]>([
  [{ a: 1, b: [1, { c: 2 }] }, { b: [1, { c: 2 }], a: 1 }, true],
  [{ a: 1, b: undefined }, { a: 1 }, true],
  [{ a: 1 }, { a: 1, b: null }, false],
  [[1, 2], [2, 1], false],
  [[], {}, false],
  [null, {}, false],
  ['1', 1, false],
])('%j and %j are the same: %s', (left, right, same) => {
  expect(sameJson(left, right)).toBe(same);
});

/** People and scripts rely on these names: a change needs a decision record. */
test('tripwire: the names of messages, and constants that end in what they are', () => {
  const named = Object.entries(messages).flatMap(([constant, value]) =>
    'type' in value && 'name' in value ? [`${constant} ${value.type} ${value.name}`] : [],
  );
  expect(named.sort()).toEqual([
    'adoptSignal signal adopt',
    'copySignal signal copy',
    'copyUpdate update copy',
    'errorsQuery query errors',
    'helpQuery query help',
    'offsetsQuery query offsets',
    'parkedSignal signal parked',
    'parkedUpdate update parked',
    'pauseSignal signal pause',
    'pauseUpdate update pause',
    'rebuildSignal signal rebuild',
    'rebuildUpdate update rebuild',
    'reportSignal signal report',
    'resumeSignal signal resume',
    'resumeUpdate update resume',
    'retrySignal signal retry',
    'retryUpdate update retry',
    'statusQuery query status',
    'stopSignal signal stop',
    'stopUpdate update stop',
  ]);
});

test.each(Object.keys(messages.orders) as messages.OrderName[])(
  '%s is described with an input that is taken',
  (name) => {
    for (const receiver of ['sync', 'child'] as const) {
      const description = messages.describeOrder(name, receiver);
      const [example] = /\{.*?\}/.exec(description.slice(description.indexOf('Input: '))) ?? [];
      const input: unknown = example === undefined ? undefined : JSON.parse(example);
      const checked =
        name === 'rebuild'
          ? checkRebuild(input, { storeNeeded: receiver === 'sync' })
          : name === 'copy'
            ? checkCopy(input)
            : name === 'parked'
              ? checkParked(input, { storeNeeded: receiver === 'sync' })
              : checkTarget(name, input);
      expect(checked).toMatchObject({ ok: true });
    }
  },
);
