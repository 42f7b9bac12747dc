import { types } from 'node:util';
import type { Client } from 'pg';
import type { Finding, PartReport } from '../../model/finding';
import { judgeClock } from '../../model/judge-clock';
import { addressOf, judgeLogin, judgePostgresUrl } from '../../model/judge-login';
import { readsBack, type Pipeline } from '../../model/pipeline';
import type { TableSchema } from '../../model/schema';
import { surveyTables, type CapturedTable } from '../source/catalogue';
import { connectToLook, disconnect } from '../source/connection';
import type { SlotRow, SourceSystem } from '../source/identity';
import { judgePublication } from './judge-publication';
import { judgeRefusedReplication, judgeServer } from './judge-server';
import { judgeSlot } from './judge-slot';
import { covers, readPublication, type Publication } from '../source/publication';
import { openReplication } from '../replication';
import { readSlot } from '../source/slot';
import { otherOwner, readSlotNotes } from '../source/slot-owner';
import { readClock, readServer, readSlotHolder, type ServerFacts } from './source-facts';

export interface SourceRequest {
  readonly pipeline: Pipeline;
  /** The connection string, already resolved. Never shown. */
  readonly url: string;
  /** Whether the log has position records; null when Kafka does not say. */
  readonly logBegun: Promise<boolean | null>;
}

export interface SourceReport extends PartReport {
  /** The tables that can be captured; null when the catalogue could not be read. */
  readonly tables: readonly TableSchema[] | null;
  /** As read here, before anybody looks where the log ends: then a capture that runs cannot make it look ahead. */
  readonly slot: SlotRow | null;
  /** Captured tables that the publication does not hold, or not yet. */
  readonly unpublished: readonly string[];
}

const part = 'source';
const codes = { url: 'source-url', login: 'source-login', unreachable: 'source-unreachable' } as const;

/** Looks at everything capture needs of the source. Changes nothing; rejects only when `signal` aborts or by a bug. */
export async function checkSource(request: SourceRequest, signal: AbortSignal): Promise<SourceReport> {
  const { url, pipeline } = request;
  const variable = pipeline.source.url.env;
  const unlike = judgePostgresUrl(url, variable, codes.url);
  if (unlike !== null) return nothing([unlike]);
  let client: Client;
  try {
    client = await connectToLook(url, signal);
  } catch (error) {
    signal.throwIfAborted();
    return nothing([judgeLogin(refusal(error), { variable, address: addressOf(url), codes })]);
  }
  try {
    return await look(client, request);
  } finally {
    await disconnect(client);
  }
}

function nothing(findings: readonly Finding[]): SourceReport {
  return { part, facts: [], findings, tables: null, slot: null, unpublished: [] };
}

function refusal(error: unknown): { code: string; message: string } {
  if (!types.isNativeError(error)) return { code: '', message: String(error) };
  return { code: 'code' in error ? String(error.code) : '', message: error.message || error.name };
}

interface Seen {
  readonly server: ServerFacts;
  readonly slot: SlotRow | null;
  readonly publication: Publication | null;
  readonly tables: readonly CapturedTable[];
}

async function look(client: Client, { pipeline, url, logBegun }: SourceRequest): Promise<SourceReport> {
  const { source } = pipeline;
  const server = await readServer(client);
  const slot = await readSlot(client, source.slot);
  const holder = await readSlotHolder(client, source.slot);
  const notes = await readSlotNotes(client);
  const { read: tables, findings: refused } = await surveyTables(client, source.tables, readsBack(pipeline));
  const publication = await readPublication(client, source.publication);
  const clock = await readClock(client, 'the source');
  const names = { name: source.publication, role: server.role, database: server.database, mayCreate: server.mayCreate };
  const findings = [
    ...judgeServer(server, { slotExists: slot !== null }),
    ...(holder?.publication === source.publication ? [] : await tryReplication(url, server)),
    ...judgeSlot({
      ...{ name: source.slot, slot, holder, database: server.database, publication: source.publication },
      logBegun: await logBegun,
      otherOwner: otherOwner(notes, { pipeline: pipeline.name, slot: source.slot }),
    }),
    ...refused,
    ...judgePublication({ ...names, publication, tables }),
    ...judgeClock(clock),
  ];
  const unpublished = tables.filter((table) => publication === null || !covers(publication, table));
  return {
    ...{ part, facts: factsOf({ server, slot, publication, tables }, pipeline), findings },
    ...{ tables, slot, unpublished: unpublished.map(({ name }) => name) },
  };
}

/** Whether this role may replicate shows best by doing it: a connection that only asks which server this is. */
async function tryReplication(url: string, server: ServerFacts): Promise<Finding[]> {
  try {
    await readSystem(url);
    return [];
  } catch (error) {
    return [judgeRefusedReplication(server, refusal(error).message)];
  }
}

/** Which cluster this is, and how far its WAL goes. */
export async function readSystem(url: string): Promise<SourceSystem> {
  const replication = await openReplication(url);
  await replication.close();
  return replication.system;
}

function factsOf({ server, slot, publication, tables }: Seen, { source }: Pipeline): string[] {
  const toSet = tables.flatMap(({ notFull }) => notFull).length;
  return [
    `PostgreSQL ${server.version}, database ${server.database}, role ${server.role}, wal_level ${server.walLevel}`,
    `slot ${source.slot}: ${slot === null ? 'to be made' : slot.activePid === null ? 'there, not read now' : 'being read'}`,
    `publication ${source.publication}: ${publication === null ? 'to be made' : 'there'}`,
    ...(tables.length === 0 ? [] : [`${tables.length} of ${source.tables.length} tables can be captured`]),
    ...(toSet === 0 ? [] : [`REPLICA IDENTITY FULL: to be set on ${toSet} of them`]),
  ];
}
