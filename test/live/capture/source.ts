import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { openCaptureSession, prepareCapture, type CaptureOptions, type CaptureParts } from '../../../capture/session';
import type { CaptureProgress } from '../../../model/status';
import { parsePipeline } from '../../../model/pipeline';
import { dropSlots } from '../../support/slots';
import { MemoryLog } from './memory-log';

const sharedServer = process.env['SLIPSTREAM_TEST_POSTGRES'];
const open = new Set<() => Promise<void>>();

/** What one test captures: a database of its own, and a log in memory. */
export interface Source {
  readonly url: string;
  readonly database: string;
  readonly log: MemoryLog;
  /** What capture has told the operators, by its message. */
  readonly told: readonly string[];
  readonly sql: Client;
  readonly options: CaptureOptions;
  connect(): Promise<Client>;
  /** The pipeline names these tables from now on. */
  capturing(tables: readonly string[]): void;
  prepare(parts?: Partial<CaptureParts>): Promise<void>;
  /** Opens a session and runs it until `stop`; `stop` rejects with what the run died of. */
  capture(parts?: Partial<CaptureParts>, run?: { batches?: number; maxMs?: number }): Promise<Running>;
}

export interface Running {
  readonly ended: Promise<string>;
  readonly progress: CaptureProgress;
  stop(): Promise<void>;
}

export async function createSource(input: {
  readonly statements: readonly string[];
  readonly tables: readonly string[];
  readonly chunkRows?: number;
  readonly replicaIdentity?: 'full' | 'read-back';
  /** Prefixes of the logical messages to capture. */
  readonly messages?: readonly string[];
  /** A superuser's URL; the server of the run without it. */
  readonly server?: string;
}): Promise<Source> {
  const server = input.server ?? sharedServer;
  if (server === undefined) throw new Error('Set SLIPSTREAM_TEST_POSTGRES to run live tests.');
  const database = `capture_${randomBytes(5).toString('hex')}`;
  const admin = await connectTo(server);
  await admin.query(`create database ${database}`);
  const url = new URL(server);
  url.pathname = `/${database}`;
  const sql = await connectTo(url.href);
  for (const statement of input.statements) await sql.query(statement);
  const pipeline = parsePipeline({
    name: database,
    source: {
      ...{ url: { env: 'X' }, tables: input.tables, messages: input.messages ?? [] },
      copy: { chunkRows: input.chunkRows ?? 1_000 },
      replicaIdentity: input.replicaIdentity ?? 'full',
    },
    stores: {
      copy: { type: 'postgres', url: { env: 'Y' }, schema: 'copy', tables: { [input.tables[0] ?? '']: {} } },
    },
  });
  const log = new MemoryLog();
  const told: string[] = [];
  let options: CaptureOptions = {
    ...{ pipeline, sourceUrl: url.href, brokers: [], producer: 'fast', logId: null },
    log: (_level, message) => void told.push(message),
  };
  open.add(async () => {
    await sql.end();
    await dropSlots({ query: (text, values = []) => rowsOf(admin, text, values) }, database);
    await admin.query(`drop database ${database} with (force)`);
    await admin.end();
  });
  return {
    url: url.href,
    database,
    log,
    told,
    sql,
    get options() {
      return options;
    },
    connect: () => connectTo(url.href),
    capturing(tables) {
      options = { ...options, pipeline: { ...pipeline, source: { ...pipeline.source, tables: [...tables] } } };
    },
    async prepare(parts = {}) {
      const { logId } = await prepareCapture({ ...options, logId: null }, log.parts(parts));
      options = { ...options, logId };
    },
    async capture(parts = {}, run = {}) {
      const session = await openCaptureSession(options, log.parts(parts));
      const controller = new AbortController();
      const ended = session.run({ signal: controller.signal, maxMs: 600_000, ...run, onProgress: () => undefined });
      log.failure = null;
      ended.catch((error: Error) => (log.failure = error)); // seen by whoever awaits it, or by stop
      const stop = async () => {
        open.delete(close);
        controller.abort();
        try {
          await ended;
        } finally {
          await session.close();
        }
      };
      const close = () => stop().catch(() => undefined);
      open.add(close);
      return {
        ended,
        stop,
        get progress() {
          return session.progress;
        },
      };
    },
  };
}

/** A clock by which the tables, which are looked at every five seconds, are looked at every second. */
export function hurriedClock(): Pick<CaptureParts, 'now'> {
  const began = Date.now();
  return { now: () => began + (Date.now() - began) * 6 };
}

/** Everything the tests of a file left open, sessions before databases. */
export async function closeSources(): Promise<void> {
  const all = [...open].reverse();
  open.clear();
  for (const close of all) await close();
}

type Rows = Record<string, string | boolean | null>[];

async function rowsOf(client: Client, text: string, values: readonly unknown[]): Promise<Rows> {
  return (await client.query<Rows[number]>(text, [...values])).rows;
}

async function connectTo(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined); // databases are dropped under connections a test forgot
  await client.connect();
  return client;
}
