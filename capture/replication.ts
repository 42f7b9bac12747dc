import type { Client } from 'pg';
import { lsnFromText, lsnToText } from '../model/position';
import { connect, disconnect, translateSourceError } from './source/connection';
import type { SourceSystem } from './source/identity';
import { openCopyDataWire, type CopyDataWire } from './wire';

/** Microseconds between 1970 and PostgreSQL's epoch, 2000-01-01. */
const postgresEpochMicros = 946_684_800_000_000n;
/** After a smaller read than this, wait for more: a reader faster than the walsender is woken per message, and both pay. */
const fullReadBytes = 32 * 1024;
const coalesceMs = 1;
const statusMs = 1_000;
/** A confirmation is told at once unless one was told just now; then the timer tells it. */
const confirmMs = 100;

/** XLogData: 'w', start, end, clock, then the payload. */
const payloadAt = 25;

/**
 * Twice the largest record that may be declared: an update carries its row twice. Beyond it texts and encoded bytes of one
 * row are more than a worker has, and it would die of it again and again without a word.
 */
export const largestMessageBytes = (2 * 64 + 8) * 1024 * 1024;

export interface ReplicationHandlers {
  /** One pgoutput message; `payload` is a view that does not outlive the call. */
  readonly onMessage: (payload: Buffer) => void;
  /** The first bytes of one that has more than `largestMessageBytes`, and is not read: returns what the stream ends with. */
  readonly onOversized: (head: Buffer, bytes: number) => Error;
  /** The server has decoded, and sent, everything before `walEnd`. */
  readonly onKeepalive: (walEnd: bigint) => void;
  /** The stream is over: the connection is lost, or a handler threw. Called once. */
  readonly onEnd: (error: Error) => void;
}

/** One replication connection: identify first, then stream. */
export interface Replication {
  readonly system: SourceSystem;
  stream(options: {
    readonly slot: string;
    readonly publication: string;
    /** Logical messages too, of every prefix. */
    readonly messages?: boolean;
    /** Decimal digits. The server begins here or at the slot's confirmed position, whichever is later. */
    readonly startLsn: string;
    readonly handlers: ReplicationHandlers;
  }): void;
  /** Stops reading from the socket; status messages go on, so the server does not take us for dead. */
  pause(): void;
  resume(): void;
  /** Invariant 1: the caller passes the last acknowledged closed position record's LSN, and nothing else is reported. */
  confirm(lsn: string): void;
  /** The last read was no small one: the source sends as fast as it is read. */
  readonly hurried: boolean;
  /** Asks the server to say at once how far it has decoded. */
  requestKeepalive(): void;
  close(): Promise<void>;
}

export async function openReplication(url: string): Promise<Replication> {
  let onEnd: (error: Error) => void = () => undefined;
  let wire: CopyDataWire | null = null;
  const client = await connect(url, {
    replication: true,
    onLost: (error) => onEnd(error),
    open: (opening) => (wire = openCopyDataWire(opening, payloadAt + largestMessageBytes)),
  });
  try {
    const system = await identifySystem(client);
    if (!wire) throw new Error('A connection was made, and nobody was told before.');
    return createReplication({ client, wire, system }, (listener) => (onEnd = listener));
  } catch (error) {
    await disconnect(client);
    throw translateSourceError(error);
  }
}

async function identifySystem(client: Client): Promise<SourceSystem> {
  const { rows } =
    await client.query<Record<'systemid' | 'timeline' | 'xlogpos' | 'dbname', string>>('IDENTIFY_SYSTEM');
  const row = rows[0];
  if (!row) throw new Error('IDENTIFY_SYSTEM answered nothing.');
  return {
    systemId: row.systemid,
    timeline: Number(row.timeline),
    flushLsn: lsnFromText(row.xlogpos),
    database: row.dbname,
  };
}

function createReplication(
  { client, wire, system }: { client: Client; wire: CopyDataWire; system: SourceSystem },
  setOnEnd: (listener: (error: Error) => void) => void,
): Replication {
  let confirmed = 0n;
  let held = false;
  /** The socket rests for a moment, whatever those who read want. */
  let resting = false;
  let hurried = false;
  let ended = false;
  let status: NodeJS.Timeout | undefined;

  let statusAt = 0;

  const sendStatus = (reply: boolean) => {
    if (ended) return;
    statusAt = Date.now();
    wire.sendCopyFromChunk(statusMessage(confirmed, reply));
  };
  const read = () => {
    if (held || resting || ended) wire.stream.pause();
    else wire.stream.resume();
  };
  const rest = (wait: (over: () => void) => unknown) => {
    resting = true;
    wire.stream.pause();
    wait(() => {
      resting = false;
      read();
    });
  };
  /**
   * A small read is waited behind, for the reason above. After any other the rest of the process gets its turn: left alone, Node reads
   * up to 2 MiB of a socket that has them, some 15 ms of work, before it looks at another one, and an append is three answers of
   * Kafka, one behind the other, each of which would wait for that.
   */
  const pace = (bytes: Buffer) => {
    if (held || resting) return;
    // Under TLS a read is one record of 16 KiB at most, and more may wait decrypted: those are not small reads.
    const small = bytes.length < fullReadBytes && wire.stream.readableLength === 0;
    hurried = !small;
    rest(small ? (over) => setTimeout(over, coalesceMs) : setImmediate);
  };

  return {
    system,
    stream({ slot, publication, messages, startLsn, handlers }) {
      const end = (error: Error) => {
        if (ended) return;
        ended = true;
        clearInterval(status);
        wire.stream.pause();
        handlers.onEnd(error);
      };
      setOnEnd(end);
      wire.take({
        onCopyData(bytes, from, to) {
          if (ended) return;
          try {
            receive({ bytes, from, to }, handlers, () => sendStatus(false));
          } catch (error) {
            end(error instanceof Error ? error : new Error(String(error)));
          }
        },
        onOversized: (head, bytes) => end(handlers.onOversized(head.subarray(payloadAt), bytes - payloadAt)),
      });
      wire.stream.on('data', pace);
      // Resolves only when the server ends the stream, which it does not do by itself while it is well.
      client.query(startCommand({ slot, publication, messages, startLsn })).then(
        () => end(translateSourceError(new Error('Connection terminated: the server ended the stream'))),
        (error: unknown) => end(translateSourceError(error)),
      );
      status = setInterval(() => sendStatus(false), statusMs);
    },
    pause() {
      held = true;
      read();
    },
    resume() {
      held = false;
      read();
    },
    confirm(lsn) {
      const value = BigInt(lsn);
      if (value <= confirmed) return;
      confirmed = value;
      if (Date.now() - statusAt >= confirmMs) sendStatus(false);
    },
    get hurried() {
      return hurried;
    },
    requestKeepalive: () => sendStatus(true),
    async close() {
      if (!ended) sendStatus(false);
      ended = true;
      clearInterval(status);
      // A walsender with much to send does not read our farewell soon: the socket is cut, and the server notices.
      wire.stream.destroy();
      await disconnect(client);
    },
  };
}

function startCommand(options: {
  slot: string;
  publication: string;
  messages: boolean | undefined;
  startLsn: string;
}): string {
  const { slot, publication, messages, startLsn } = options;
  const name = `"${publication.replaceAll('"', '""')}"`.replaceAll("'", "''");
  return (
    `START_REPLICATION SLOT "${slot}" LOGICAL ${lsnToText(startLsn)} ` +
    `(proto_version '1', publication_names '${name}'${messages ? ", messages 'true'" : ''})`
  );
}

/** Keepalive: 'k', end, clock, whether an answer is wanted at byte 17. One view is made of a message, or none. */
function receive(
  { bytes, from, to }: { bytes: Buffer; from: number; to: number },
  handlers: ReplicationHandlers,
  reply: () => void,
): void {
  if (bytes[from] === 0x77) {
    handlers.onMessage(bytes.subarray(from + payloadAt, to));
  } else if (bytes[from] === 0x6b) {
    handlers.onKeepalive(bytes.readBigUInt64BE(from + 1));
    if (bytes[from + 17] === 1) reply();
  }
}

/**
 * Standby status update. Written, flushed and applied are one and the same: what the log has acknowledged. "Written"
 * must not run ahead either, since a slot takes whatever is reported as flushed and forgets the WAL before it.
 */
function statusMessage(confirmed: bigint, reply: boolean): Buffer {
  const message = Buffer.allocUnsafe(34);
  message[0] = 0x72; // r
  message.writeBigUInt64BE(confirmed, 1);
  message.writeBigUInt64BE(confirmed, 9);
  message.writeBigUInt64BE(confirmed, 17);
  message.writeBigInt64BE(BigInt(Date.now()) * 1000n - postgresEpochMicros, 25);
  message[33] = reply ? 1 : 0;
  return message;
}
