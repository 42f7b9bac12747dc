import { EventEmitter } from 'node:events';
import { listenForEnd } from '../../../worker/ending';

function ending(seconds = 20) {
  const signals = new EventEmitter();
  const lines: string[] = [];
  const exits: number[] = [];
  const end = listenForEnd({
    seconds,
    log: (level, message, { waitingFor = [] }) =>
      void lines.push([level, message, ...(waitingFor as string[])].join(' ')),
    waitingFor: () => ['followSlice of shop/search, for 21 s'],
    exit: (code) => void exits.push(code),
    signals,
  });
  return { end, signals, lines, exits };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

it('the first signal begins the end, and further ones change nothing', () => {
  const { end, signals, lines, exits } = ending();
  signals.emit('SIGTERM');
  expect(end.signal.aborted).toBe(true);
  signals.emit('SIGTERM');
  signals.emit('SIGINT');
  expect(lines.map((line) => line.split(' ').slice(0, 4).join(' '))).toEqual([
    'info worker is ending',
    'info worker is ending',
    'info worker is ending',
  ]);
  expect(lines.slice(1).every((line) => line.includes('already'))).toBe(true);
  expect(exits).toEqual([]);
  expect(signals.listenerCount('SIGTERM')).toBe(1);
});

it('when the time is up it says what hung, and exits with a code of its own', () => {
  const { signals, lines, exits } = ending(20);
  signals.emit('SIGTERM');
  jest.advanceTimersByTime(19_999);
  // A signal on the way does not lengthen it.
  signals.emit('SIGTERM');
  expect(exits).toEqual([]);
  jest.advanceTimersByTime(1);
  expect(exits).toEqual([6]);
  expect(lines.at(-1)).toBe('error worker did not end within 20 s followSlice of shop/search, for 21 s');
});
