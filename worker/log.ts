import { destination, pino, stdTimeFunctions, type DestinationStream } from 'pino';
import type { Log, LogLevel } from '../model/log';
import { describeError, withoutPasswords } from './log-values';

/** Keys that hold a secret wherever they turn up, one level deep too. */
const secretKeys = ['url', 'password', 'authorization', 'apiKey', 'connectionString'];

/**
 * One JSON object a line: `time`, `level`, `pid`, `message`, then the fields. Written at once and not buffered: the last
 * line of a process that dies is the one that is needed most, and there are a few lines a second at level info.
 */
export function createLog(level: LogLevel, output: DestinationStream = destination({ fd: 1, sync: true })): Log {
  const logger = pino(
    {
      level,
      base: { pid: process.pid },
      messageKey: 'message',
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secretKeys.flatMap((key) => [key, `*.${key}`]), censor: '[secret]' },
    },
    output,
  );
  return (severity, message, fields) => {
    if (!logger.isLevelEnabled(severity)) return;
    const shown = Object.entries(fields).map(([name, value]) => [name, shownAs(value)] as const);
    logger[severity](Object.fromEntries(shown), withoutPasswords(message));
  };
}

function shownAs(value: unknown): unknown {
  if (value instanceof Error) return describeError(value);
  return typeof value === 'string' ? withoutPasswords(value) : value;
}
