export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** One line of the worker's log. Fields hold positions, names and counts; never a row, never a secret. */
export type Log = (level: LogLevel, message: string, fields: Readonly<Record<string, unknown>>) => void;
