import { setTimeout as pause } from 'node:timers/promises';
import { NativeConnection } from '@temporalio/worker';
import { InvalidConfig } from '../model/errors';
import type { Log } from '../model/log';
import type { Settings } from '../model/settings';

const againMs = 1_000;
/** Every so many tries it is said again that Temporal does not answer. */
const triesPerLine = 30;

/**
 * Connects as soon as Temporal answers: a worker that is started beside it should not have to be started twice. There is
 * no Temporal yet that could retry for us, hence the loop. Rejects with the signal's reason once it aborts.
 */
export async function connectTemporal(options: {
  readonly settings: Settings;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** These two are injected by tests. */
  readonly connect?: (address: string) => Promise<NativeConnection>;
  readonly pause?: (signal: AbortSignal) => Promise<unknown>;
}): Promise<NativeConnection> {
  const { settings, log, signal } = options;
  const { temporalAddress: address } = settings;
  const rest = options.pause ?? (() => pause(againMs, undefined, { signal }));
  const connect = options.connect ?? ((to: string) => NativeConnection.connect({ address: to }));
  for (let tries = 0; ; tries += 1) {
    signal.throwIfAborted();
    try {
      return await connect(address);
    } catch (error) {
      if (tries % triesPerLine === 0) {
        const message = `Temporal does not answer at ${address}; waiting for it. Start it, or set TEMPORAL_ADDRESS.`;
        log('warn', message, { error });
      }
      await rest(signal);
    }
  }
}

/** Throws `InvalidConfig` when the namespace does not exist: polling it would fail, with less to go by. */
export async function checkNamespace(connection: NativeConnection, { temporalNamespace }: Settings): Promise<void> {
  try {
    await connection.workflowService.describeNamespace({ namespace: temporalNamespace });
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== notFound) throw error;
    throw new InvalidConfig(
      `Temporal has no namespace '${temporalNamespace}'. Create it (temporal operator namespace create -n ` +
        `${temporalNamespace}), or set TEMPORAL_NAMESPACE to one that exists.`,
    );
  }
}

/** gRPC's NOT_FOUND. */
const notFound = 5;
