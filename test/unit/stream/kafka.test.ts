import { Blocked, Unavailable } from '../../../model/errors';
import { translateKafkaError } from '../../../stream/kafka';

function protocolError(type: string): Error {
  return Object.assign(new Error('refused'), { name: 'KafkaJSProtocolError', type });
}

test.each(['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED', 'INVALID_PRODUCER_ID_MAPPING'])(
  '%s is Fenced, however deep',
  (type) => {
    expect(translateKafkaError(protocolError(type), 'appending').name).toBe('Fenced');
    const wrapped = new Error('outer', { cause: new Error('middle', { cause: protocolError(type) }) });
    expect(translateKafkaError(wrapped, 'appending').name).toBe('Fenced');
  },
);

test('everything else passes: Unavailable, saying what was being done', () => {
  const error = translateKafkaError(new Error('connect ECONNREFUSED'), 'reading the log');
  expect(error.name).toBe('Unavailable');
  expect(error.message).toContain('while reading the log: connect ECONNREFUSED');
});

test.each([new Blocked('log-replaced', 'x'), new Unavailable('y')])(
  'our own errors stay what they are: %s',
  (error) => {
    expect(translateKafkaError(error, 'anything')).toBe(error);
  },
);
