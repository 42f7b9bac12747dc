/**
 * The local stack: PostgreSQL, Kafka, Elasticsearch, Redis and Temporal on this machine, without Docker.
 *
 * This page is the contract; the JavaScript beside it is checked against it. It is JavaScript because it has to run
 * before `npm ci` has: nothing in this folder may depend on a package.
 */

export type Part = 'postgres' | 'kafka' | 'elasticsearch' | 'redis' | 'temporal';

/** How a part came to be on this machine. `environment`: an address was given, so the part is used and not started. */
export type Source = 'environment' | 'installed' | 'cache' | 'download' | 'build';

/** What provisioning found or made for one part. */
export interface Supply {
  part: Part;
  source: Source;
  version: string;
  /** Set when the part runs elsewhere: it is used, never started or stopped. */
  address?: string;
  /** PostgreSQL: folder with `bin/postgres`. Kafka: folder of jars. Elasticsearch: its home. Redis, Temporal: the binary. */
  path?: string;
  /** The `java` that runs Kafka and Elasticsearch. */
  java?: string;
  seconds: number;
}

export type Supplies = Partial<Record<Part, Supply>>;

/** Says what is going on with one part, in one line; with `done`, that nothing more is to come. */
export type Report = (part: Part, text: string, done?: 'done') => void;

export interface ProvisionRequest {
  parts?: readonly Part[];
  env?: NodeJS.ProcessEnv;
  report?: Report;
  /** Ends every command that is under way. What is half installed is not used and not in the way later. */
  signal?: AbortSignal;
}

export interface StackOptions {
  /** Try 15432, 9092, 9200, 6379, 7233 and 8233 first (the demo). Otherwise ports are random. */
  preferWellKnownPorts?: boolean;
  /** `false`: PostgreSQL and Redis write without fsync. Honest for tests that kill processes, not for ones that cut the power. */
  durable?: boolean;
  /**
   * Kafka and Elasticsearch use Java's quick compiler alone: Elasticsearch starts with 8 s of CPU instead of 12, and is
   * slower under load. For tests, not for measurements.
   */
  quickStart?: boolean;
  kafkaHeap?: string;
  elasticsearchHeap?: string;
  /** Extra `postgres -c name=value`. */
  postgresSettings?: Record<string, string>;
  /** Extra lines of Kafka's server.properties. */
  kafkaSettings?: Record<string, string>;
  /** Extra settings of Redis, e.g. `{ 'maxmemory-policy': 'allkeys-lru' }`. */
  redisSettings?: Record<string, string>;
  /** Extra dynamic configuration of the Temporal server, e.g. `{ 'limit.historyCount.suggestContinueAsNew': 50 }`. */
  temporalSettings?: Record<string, string | number | boolean>;
}

export interface StackRequest {
  /** Holds data, logs and state. Another `openStack` on it finds what runs and what was stored. */
  directory: string;
  parts?: readonly Part[];
  options?: StackOptions;
  /** From `provision`; without it `openStack` provisions by itself. */
  supplies?: Supplies;
  env?: NodeJS.ProcessEnv;
  report?: Report;
  signal?: AbortSignal;
}

/** `temporalBinary` is the CLI that fits the server. An absent part has an empty address. */
export interface Addresses {
  postgres: string;
  kafka: string;
  elasticsearch: string;
  redis: string;
  temporal: string;
  temporalUi: string;
  temporalBinary: string;
}

/** One server of a stack. Every call looks at the record on disk first: another process may have restarted it. */
export interface Server {
  readonly part: Part;
  readonly address: string;
  /** Given by an address in the environment: `start`, `stop`, `kill` and `pause` throw. */
  readonly external: boolean;
  /** Undefined while it does not run. */
  readonly pid: number | undefined;
  readonly logFile: string;
  isRunning(): boolean;
  /** Resolves when it answers. The same command, ports and data as before; nothing happens when it runs already. */
  start(): Promise<void>;
  /** Orderly: resolves when all its processes are gone. */
  stop(): Promise<void>;
  /** Default SIGKILL, sent to all its processes. Resolves when they are gone. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** SIGSTOP to all its processes: connections stay open and nothing answers. */
  pause(): void;
  resume(): void;
}

export interface Stack {
  readonly directory: string;
  readonly addresses: Addresses;
  readonly servers: Readonly<Record<Part, Server>>;
  /** Seconds each part took to start; absent when it ran already. */
  readonly launchSeconds: Partial<Record<Part, number>>;
  /** The addresses under the names that our programs and provisioning read. */
  environment(): Record<string, string>;
  /** After `openStack`: ends what this opening is responsible for. After `attachStack`: ends all of it. Data stays. */
  stop(): Promise<void>;
}

/** Finds or installs what the parts need. Safe to call from several processes at once. */
export function provision(request?: ProvisionRequest): Promise<Supplies>;

/** Provisions, starts what does not run, and resolves when every part answers. */
export function openStack(request: StackRequest): Promise<Stack>;

/** The stack that another process opened in `directory`. Starts nothing. */
export function attachStack(directory: string): Stack;

export const allParts: readonly Part[];
