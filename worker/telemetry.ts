import { DefaultLogger, Runtime, type LogEntry } from '@temporalio/worker';

export type Log = (level: 'info' | 'warn' | 'error', message: string, fields: Record<string, unknown>) => void;

/** One JSON object a line, on stderr: stdout is for what the program says to its caller. */
export const log: Log = (level, message, fields) => {
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...fields })}\n`);
};

/** Once per process, before the first worker. Temporal's own lines come out in the same form. */
export function installRuntime(): void {
  Runtime.install({
    logger: new DefaultLogger('WARN', (entry: LogEntry) => {
      const level = entry.level === 'ERROR' ? 'error' : 'warn';
      log(level, entry.message, sayable(entry.meta));
    }),
    telemetryOptions: { logging: { forward: {}, filter: { core: 'WARN', other: 'ERROR' } } },
    shutdownSignals: [],
  });
}

function sayable(meta: LogEntry['meta']): Record<string, unknown> {
  if (!meta) return {};
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(meta)) {
    if (value instanceof Error) fields[name] = value.stack ?? value.message;
    else if (typeof value !== 'object' && typeof value !== 'bigint') fields[name] = value;
  }
  return fields;
}
