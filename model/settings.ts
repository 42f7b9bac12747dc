import { z } from 'zod';
import { InvalidConfig } from './errors';

const settingsSchema = z.object({
  TEMPORAL_ADDRESS: z.string().min(1).default('127.0.0.1:7233').describe("the Temporal server's gRPC address"),
  TEMPORAL_NAMESPACE: z.string().min(1).default('default').describe('the Temporal namespace'),
  KAFKA_BROKERS: z.string().min(1).default('127.0.0.1:9092').describe('bootstrap brokers, host:port, comma-separated'),
  SLIPSTREAM_TASK_QUEUE: z
    .string()
    .min(1)
    .default('slipstream')
    .describe('task queue of workflows and short activities'),
  SLIPSTREAM_LANES: z.coerce.number().int().min(1).max(64).default(8).describe('slices this worker runs at once'),
});

/** What a process needs to know before it reads any pipeline. */
export interface Settings {
  readonly temporalAddress: string;
  readonly temporalNamespace: string;
  readonly kafkaBrokers: readonly string[];
  readonly taskQueue: string;
  readonly lanes: number;
}

/** Throws `InvalidConfig` naming each variable that is wrong. */
export function parseSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const result = settingsSchema.safeParse(environment);
  if (!result.success) {
    const problems = result.error.issues.map((issue) => `${issue.path.map(String).join('.')}: ${issue.message}`);
    throw new InvalidConfig(
      `The worker's environment has problems:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
    );
  }
  const parsed = result.data;
  return {
    temporalAddress: parsed.TEMPORAL_ADDRESS,
    temporalNamespace: parsed.TEMPORAL_NAMESPACE,
    kafkaBrokers: parsed.KAFKA_BROKERS.split(',').map((broker) => broker.trim()),
    taskQueue: parsed.SLIPSTREAM_TASK_QUEUE,
    lanes: parsed.SLIPSTREAM_LANES,
  };
}

/** Resolves `{"env": "NAME"}` in this process. The value is never logged, thrown or sent to Temporal. */
export function resolveSecret(
  reference: { readonly env: string },
  environment: Readonly<Record<string, string | undefined>>,
): string {
  const value = environment[reference.env];
  if (value === undefined || value === '') {
    throw new InvalidConfig(
      `The environment variable ${reference.env} is not set in the worker; set it and start the worker again.`,
    );
  }
  return value;
}
