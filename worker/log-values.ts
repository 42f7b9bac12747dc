import { Blocked } from '../model/errors';

/** What the log says of an error. */
export interface DescribedError {
  readonly type: string;
  readonly code?: string;
  /** For `Blocked`: its reason code. */
  readonly reason?: string;
  readonly message?: string;
  /** Where it was thrown; for errors that are not ours. */
  readonly at?: readonly string[];
  readonly cause?: DescribedError;
}

/** Written by us, for people: they name tables, stores, offsets. */
const ours: ReadonlySet<string> = new Set(['InvalidConfig', 'Blocked', 'Fenced', 'Unavailable']);
/** Their messages are about programs and connections. Others may quote a row: PostgreSQL's, Elasticsearch's, JSON's. */
const harmless =
  /^(TypeError|ReferenceError|RangeError|AbortError|KafkaJS\w*|\w*Failure|TransportError|ServiceError|IllegalStateError|ShutdownError|UnexpectedError|GracefulShutdownPeriodExpiredError|DeterminismViolationError|HangingEnd)$/;
const framesShown = 8;

/** Type, code and place of an error, and its message where that cannot hold a row's values. */
export function describeError(error: Error): DescribedError {
  const code = 'code' in error && /^\w{1,40}$/.test(String(error.code)) ? String(error.code) : null;
  const speaks = ours.has(error.name) || harmless.test(error.name) || 'syscall' in error || isPlain(error);
  return {
    type: error.name,
    ...(code === null ? {} : { code }),
    ...(error instanceof Blocked ? { reason: error.reason } : {}),
    ...(speaks ? { message: withoutPasswords(error.message) } : {}),
    ...(ours.has(error.name) ? {} : { at: frames(error) }),
    ...(error.cause instanceof Error ? { cause: describeError(error.cause) } : {}),
  };
}

/** Thrown by a program in its own words; what a server says comes with a code, a detail, a body. */
function isPlain(error: Error): boolean {
  return error.name === 'Error' && Object.keys(error).every((key) => key === 'cause');
}

/** The stack without its first lines, which repeat the message; that may be of several lines, and look like a stack. */
function frames({ stack = '', message }: Error): string[] {
  return stack
    .replace(message, '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, framesShown)
    .map((line) => line.trim());
}

/** `scheme://user:password@` loses its password, wherever it stands in a text. */
export function withoutPasswords(text: string): string {
  return text.replace(/(\b[a-z][\w+.-]*:\/\/[^\s:/@]*):[^\s/]*@/gi, '$1:[secret]@');
}
