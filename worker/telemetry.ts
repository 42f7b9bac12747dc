import { createServer } from 'node:net';
import { DefaultLogger, Runtime, type LogEntry, type RuntimeOptions } from '@temporalio/worker';
import type { Log, LogLevel } from '../model/log';

/** Loopback: the exporter of Temporal's runtime is read by our own `/metrics` and by nobody else. */
const exporterHost = '127.0.0.1';
const portsTried = 5;

export interface TemporalTelemetry {
  /** Where the runtime's own metrics are; null when nobody asked for them. */
  readonly metricsUrl: string | null;
}

/**
 * Once per process, before the first connection. Temporal's own lines go through our log; its metrics, with names and
 * units by Prometheus' conventions, are served on a loopback port.
 */
export async function installRuntime(options: {
  readonly log: Log;
  readonly metrics: boolean;
}): Promise<TemporalTelemetry> {
  const common: RuntimeOptions = { logger: new DefaultLogger('WARN', sayThrough(options.log)), shutdownSignals: [] };
  const logging = { forward: {}, filter: { core: 'WARN', other: 'ERROR' } } as const;
  if (!options.metrics) {
    Runtime.install({ ...common, telemetryOptions: { logging } });
    return { metricsUrl: null };
  }
  for (let tried = 1; ; tried += 1) {
    const bindAddress = `${exporterHost}:${await freePort()}`;
    const prometheus = { bindAddress, countersTotalSuffix: true, unitSuffix: true, useSecondsForDurations: true };
    try {
      Runtime.install({ ...common, telemetryOptions: { logging, metrics: { prometheus } } });
      return { metricsUrl: `http://${bindAddress}/metrics` };
    } catch (error) {
      // The exporter takes no port 0, so the port was free a moment ago; somebody else may have been faster.
      const taken = error instanceof Error && error.message.includes('Address already in use');
      if (!taken || tried === portsTried) throw error;
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, exporterHost, () => {
      const address = server.address();
      server.close(() =>
        address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}

const levels: Readonly<Record<LogEntry['level'], LogLevel>> = {
  TRACE: 'debug',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
};

/** What the SDK says by itself and we know: the queues of slices have no workflows; failed activities are in our log. */
const known: ReadonlySet<string> = new Set([
  'No workflows registered, not polling for workflow tasks',
  'Activity failed',
]);

function sayThrough(log: Log): (entry: LogEntry) => void {
  return ({ level, message, meta }) => {
    if (!known.has(message)) log(levels[level], `Temporal: ${message}`, sayable(meta));
  };
}

/** Plain values and errors: objects of the SDK may hold what was sent to an activity. */
function sayable(meta: LogEntry['meta']): Record<string, unknown> {
  const fields = Object.entries(meta ?? {}).filter(
    ([, value]) => value instanceof Error || ['string', 'number', 'boolean'].includes(typeof value),
  );
  return Object.fromEntries(fields);
}
