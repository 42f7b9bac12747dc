import { distance } from 'fastest-levenshtein';
import { z } from 'zod';
import { InvalidConfig } from './errors';

/** What a process needs to know before it reads any pipeline. */
export interface Settings {
  readonly temporalAddress: string;
  readonly temporalNamespace: string;
  readonly kafkaBrokers: readonly string[];
  readonly producer: ProducerKind;
  readonly consumer: ConsumerKind;
  readonly taskQueue: string;
  readonly lanes: number;
  readonly logLevel: LogLevel;
  /** Null: no HTTP server. 0: any port that is free. */
  readonly httpPort: number | null;
  readonly httpHost: string;
  readonly shutdownSeconds: number;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Who makes the requests that append to the log: our encoder inside kafkajs, or all of kafkajs. */
export type ProducerKind = 'fast' | 'stock';
/** Who decodes what lanes fetch from the log: our decoder inside kafkajs, or kafkajs alone. */
export type ConsumerKind = 'fast' | 'stock';

type Environment = Readonly<Record<string, string | undefined>>;

interface Meta {
  /** What a value may be, as the end of "must be …". */
  readonly allowed: string;
  readonly description: string;
  readonly readBy: 'worker, client' | 'worker';
}

const hostAndPort = z.string().regex(/^(\[[^\]\s]+\]|[^\s:/@,[\]]+):\d{1,5}$/);
const wholeNumber = (least: number, most: number) => z.coerce.number().int().min(least).max(most);
const described = <Schema extends z.ZodType>(schema: Schema, meta: Meta): Schema => schema.meta({ ...meta });

/** The one definition: parsed by every program of ours, and what the table in docs/settings.md is made from. */
const settingsSchema = z.object({
  TEMPORAL_ADDRESS: described(hostAndPort.default('127.0.0.1:7233'), {
    allowed: 'host:port',
    description: "the Temporal server's gRPC address",
    readBy: 'worker, client',
  }),
  TEMPORAL_NAMESPACE: described(z.string().default('default'), {
    allowed: 'the name of a namespace',
    description: 'the Temporal namespace; it has to exist',
    readBy: 'worker, client',
  }),
  SLIPSTREAM_TASK_QUEUE: described(
    z
      .string()
      .regex(/^\S{1,200}$/)
      .default('slipstream'),
    {
      allowed: 'a name of up to 200 characters without spaces',
      description: 'task queue of workflows and short activities; slices have queues of their own named after it',
      readBy: 'worker, client',
    },
  ),
  KAFKA_BROKERS: described(
    z
      .string()
      .transform((text) => text.split(',').map((broker) => broker.trim()))
      .pipe(z.array(hostAndPort).min(1))
      .prefault('127.0.0.1:9092'),
    {
      allowed: 'host:port, several separated by commas',
      description: 'bootstrap brokers of the log',
      readBy: 'worker',
    },
  ),
  SLIPSTREAM_PRODUCER: described(z.enum(['fast', 'stock']).default('fast'), {
    allowed: 'fast or stock',
    description:
      'who encodes what is appended to the log: our encoder inside kafkajs, or kafkajs alone (much more CPU)',
    readBy: 'worker',
  }),
  SLIPSTREAM_CONSUMER: described(z.enum(['fast', 'stock']).default('fast'), {
    allowed: 'fast or stock',
    description: 'who decodes what is read from the log: our decoder inside kafkajs, or kafkajs alone (more CPU)',
    readBy: 'worker',
  }),
  SLIPSTREAM_LANES: described(wholeNumber(1, 64).default(8), {
    allowed: 'a whole number from 1 to 64',
    description: 'slices this worker runs at once, and as many again that come back to their warm session',
    readBy: 'worker',
  }),
  SLIPSTREAM_LOG_LEVEL: described(z.enum(['debug', 'info', 'warn', 'error']).default('info'), {
    allowed: 'debug, info, warn or error',
    description: 'debug has a line for every micro-batch, info one for every slice',
    readBy: 'worker',
  }),
  SLIPSTREAM_HTTP_PORT: described(wholeNumber(0, 65_535).nullable().default(null), {
    allowed: 'a port from 0 to 65535',
    description:
      'port of `/livez`, `/readyz` and `/metrics`; unset: none of them is served. 0: any free one, named in the log',
    readBy: 'worker',
  }),
  SLIPSTREAM_HTTP_HOST: described(z.string().regex(/^\S+$/).default('127.0.0.1'), {
    allowed: 'an address or name of this machine',
    description: 'address that port is opened on; `0.0.0.0` in a container, since its neighbours must reach it',
    readBy: 'worker',
  }),
  SLIPSTREAM_SHUTDOWN_SECONDS: described(wholeNumber(1, 600).default(20), {
    allowed: 'a whole number from 1 to 600',
    description: 'how long an ending worker waits for its slices; then it says what hung and exits with 6',
    readBy: 'worker',
  }),
});

/** One row of the table of settings. */
export interface SettingDescription extends Meta {
  readonly name: string;
  /** As it would be written; null when unset has a meaning of its own. */
  readonly default: string | null;
}

export function describeSettings(): readonly SettingDescription[] {
  const defaults: Readonly<Record<string, readonly string[] | string | number | null>> = settingsSchema.parse({});
  return Object.entries(settingsSchema.shape).map(([name, schema]) => {
    const value = defaults[name];
    const text = value === null || value === undefined ? null : String(value);
    return { name, default: text, ...metaOf(schema) };
  });
}

/**
 * Throws `InvalidConfig` that names every variable which is wrong and what it may be. Values are not repeated: somebody
 * may have put a connection string, with its password, where an address belongs. An empty variable counts as unset.
 */
export function parseSettings(environment: Environment): Settings {
  const set = Object.fromEntries(
    Object.keys(settingsSchema.shape)
      .map((name) => [name, environment[name]?.trim()] as const)
      .filter(([, value]) => value !== undefined && value !== ''),
  );
  const result = settingsSchema.safeParse(set);
  const wrong = new Set(result.error?.issues.map(({ path }) => String(path[0])));
  const problems = [...wrong].map((name) => {
    const { allowed, description } = metaOf(settingsSchema.shape[name as keyof typeof settingsSchema.shape]);
    return `${name} must be ${allowed} (${description.replaceAll('`', '')}).`;
  });
  problems.push(...misspelt(environment));
  if (!result.success || problems.length > 0) {
    const list = problems.map((problem) => `  - ${problem}`).join('\n');
    throw new InvalidConfig(`The environment has problems; nothing was started:\n${list}`);
  }
  const parsed = result.data;
  return {
    temporalAddress: parsed.TEMPORAL_ADDRESS,
    temporalNamespace: parsed.TEMPORAL_NAMESPACE,
    kafkaBrokers: parsed.KAFKA_BROKERS,
    producer: parsed.SLIPSTREAM_PRODUCER,
    consumer: parsed.SLIPSTREAM_CONSUMER,
    taskQueue: parsed.SLIPSTREAM_TASK_QUEUE,
    lanes: parsed.SLIPSTREAM_LANES,
    logLevel: parsed.SLIPSTREAM_LOG_LEVEL,
    httpPort: parsed.SLIPSTREAM_HTTP_PORT,
    httpHost: parsed.SLIPSTREAM_HTTP_HOST,
    shutdownSeconds: parsed.SLIPSTREAM_SHUTDOWN_SECONDS,
  };
}

function metaOf(schema: z.ZodType): Meta {
  return schema.meta() as unknown as Meta;
}

/** A setting with a letter wrong would be ignored without a word. Farther away it may be anybody's: a secret, a test's. */
const nearLetters = 2;

function misspelt(environment: Environment): string[] {
  const known = Object.keys(settingsSchema.shape);
  return Object.keys(environment)
    .filter((name) => name.startsWith('SLIPSTREAM_') && !known.includes(name))
    .flatMap((name) => {
      const meant = known.find((one) => distance(one, name) <= nearLetters);
      return meant ? [`${name} is not a setting; did you mean ${meant}?`] : [];
    });
}

/** Resolves `{"env": "NAME"}` in this process. The value is never logged, thrown or sent to Temporal. */
export function resolveSecret(reference: { readonly env: string }, environment: Environment): string {
  const value = environment[reference.env];
  if (value === undefined || value === '') {
    throw new InvalidConfig(
      `The environment variable ${reference.env} is not set in the worker; set it and start the worker again.`,
    );
  }
  return value;
}
