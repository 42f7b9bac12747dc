import { describeSettings, parseSettings, resolveSecret } from '../../../model/settings';

const refusalOf = (environment: Record<string, string>): string => {
  try {
    parseSettings(environment);
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
  return '';
};

it('what is left out, or empty, has its default', () => {
  const defaults = {
    temporalAddress: '127.0.0.1:7233',
    temporalNamespace: 'default',
    kafkaBrokers: ['127.0.0.1:9092'],
    producer: 'fast',
    consumer: 'fast',
    taskQueue: 'slipstream',
    lanes: 8,
    logLevel: 'info',
    httpPort: null,
    httpHost: '127.0.0.1',
    shutdownSeconds: 20,
  };
  expect(parseSettings({})).toEqual(defaults);
  const empty = Object.fromEntries(describeSettings().map(({ name }) => [name, ' ']));
  expect(parseSettings(empty)).toEqual(defaults);
});

it('every setting is read', () => {
  const settings = parseSettings({
    TEMPORAL_ADDRESS: '[::1]:7233',
    TEMPORAL_NAMESPACE: 'sales',
    KAFKA_BROKERS: 'a:1, b.example:2',
    SLIPSTREAM_PRODUCER: 'stock',
    SLIPSTREAM_CONSUMER: 'stock',
    SLIPSTREAM_TASK_QUEUE: 'other',
    SLIPSTREAM_LANES: '3',
    SLIPSTREAM_LOG_LEVEL: 'debug',
    SLIPSTREAM_HTTP_PORT: '0',
    SLIPSTREAM_HTTP_HOST: '0.0.0.0',
    SLIPSTREAM_SHUTDOWN_SECONDS: '5',
  });
  expect(settings).toEqual({
    temporalAddress: '[::1]:7233',
    temporalNamespace: 'sales',
    kafkaBrokers: ['a:1', 'b.example:2'],
    producer: 'stock',
    consumer: 'stock',
    taskQueue: 'other',
    lanes: 3,
    logLevel: 'debug',
    httpPort: 0,
    httpHost: '0.0.0.0',
    shutdownSeconds: 5,
  });
});

it.each([
  ['TEMPORAL_ADDRESS', 'temporal', 'host:port'],
  ['TEMPORAL_ADDRESS', 'http://temporal:7233', 'host:port'],
  ['TEMPORAL_ADDRESS', 'temporal:', 'host:port'],
  ['SLIPSTREAM_TASK_QUEUE', 'two words', 'without spaces'],
  ['KAFKA_BROKERS', 'kafka', 'host:port'],
  ['KAFKA_BROKERS', 'a:1,,b:2', 'host:port'],
  ['SLIPSTREAM_LANES', 'many', '1 to 64'],
  ['SLIPSTREAM_LANES', '0', '1 to 64'],
  ['SLIPSTREAM_LANES', '2.5', '1 to 64'],
  ['SLIPSTREAM_LOG_LEVEL', 'loud', 'debug, info, warn or error'],
  ['SLIPSTREAM_HTTP_PORT', '70000', '0 to 65535'],
  ['SLIPSTREAM_HTTP_PORT', 'yes', '0 to 65535'],
  ['SLIPSTREAM_HTTP_HOST', 'two words', 'address or name'],
  ['SLIPSTREAM_SHUTDOWN_SECONDS', '0', '1 to 600'],
])('%s=%s is refused by name, with what is allowed', (name, value, allowed) => {
  const refusal = refusalOf({ [name]: value });
  expect(refusal).toMatch(/^InvalidConfig: /);
  expect(refusal).toContain(`- ${name} must be `);
  expect(refusal).toContain(allowed);
});

it('all problems are said at once, and no value is repeated', () => {
  const refusal = refusalOf({
    TEMPORAL_ADDRESS: 'postgres://shop:hunter2@db/shop',
    KAFKA_BROKERS: 'hunter2',
    SLIPSTREAM_LANES: 'hunter2',
    SLIPSTREAM_LANE: 'hunter2',
  });
  for (const name of ['TEMPORAL_ADDRESS', 'KAFKA_BROKERS', 'SLIPSTREAM_LANES', 'SLIPSTREAM_LANE is not a setting']) {
    expect(refusal).toContain(`- ${name}`);
  }
  expect(refusal).not.toContain('hunter2');
});

it('a slip of the pen is told from a variable that is none of ours', () => {
  expect(refusalOf({ SLIPSTREAM_LOGLEVEL: 'debug' })).toContain('did you mean SLIPSTREAM_LOG_LEVEL?');
  const others = { SLIPSTREAM_TEST_KAFKA: 'a:1', SLIPSTREAM_ORDERS_URL: 'x', KAFKA_BROKER: 'x', LANES: 'x' };
  expect(parseSettings(others)).toEqual(parseSettings({}));
});

it('a missing secret names the variable, never a value', () => {
  expect(resolveSecret({ env: 'A' }, { A: 'x' })).toBe('x');
  expect(() => resolveSecret({ env: 'B' }, { A: 'hidden' })).toThrow(/The environment variable B is not set/);
});
