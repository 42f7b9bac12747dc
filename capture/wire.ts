import { EventEmitter } from 'node:events';
import type { Client } from 'pg';
import { createFrames, type FrameHandlers } from './frames';

/** What `pg` has of a connection and its types do not tell. */
export interface Wire {
  /** Another one once TLS has begun. */
  readonly stream: NodeJS.ReadableStream & { readonly readableLength: number; destroy(): void };
  sendCopyFromChunk(chunk: Buffer): void;
  /** Reads messages from the stream, which is asked for two events: `data` and `end`. */
  attachListeners(stream: EventEmitter): void;
  emit(event: 'copyData', message: { readonly chunk: Buffer }): void;
}

export type CopyDataHandlers = Pick<FrameHandlers, 'onCopyData' | 'onOversized'>;

/** Of clients that were opened with one. */
const wires = new WeakMap<Client, CopyDataWire>();

/** CopyData of this client goes to `onCopyData` until the answer is called; to that of `pg` where it has no wire of ours. */
export function takeCopyData(client: Client, onCopyData: FrameHandlers['onCopyData']): () => void {
  const wire = wires.get(client);
  if (wire) return wire.take({ onCopyData, onOversized: () => undefined });
  const events = client.connection as unknown as EventEmitter;
  // A view that does not outlive the call.
  const take = ({ chunk }: { readonly chunk: Buffer }) => onCopyData(Buffer.from(chunk), 0, chunk.length);
  events.on('copyData', take);
  return () => void events.off('copyData', take);
}

export interface CopyDataWire extends Pick<Wire, 'sendCopyFromChunk'> {
  readonly stream: Wire['stream'];
  /** Who gets CopyData from now on, until the answer is called. Otherwise listeners of `pg`'s own event do. */
  take(handlers: CopyDataHandlers): () => void;
}

/**
 * CopyData goes to whoever takes it, everything else to `pg`, message by message; login, TLS and errors stay its own. Left to read
 * by itself, its parser copies all that it has read as soon as a message ends in another read than it began in, into a buffer
 * that doubles: a row of 15 MiB took 56. To be called before the client connects, so that both begin with the first byte.
 */
export function openCopyDataWire(client: Client, largestBytes = Infinity): CopyDataWire {
  const wire = client.connection as unknown as Wire;
  const attach = wire.attachListeners.bind(wire);
  const listeners: CopyDataHandlers = {
    onCopyData: (bytes, from, to) => wire.emit('copyData', { chunk: bytes.subarray(from, to) }),
    onOversized: () => undefined,
  };
  let handlers = listeners;
  wire.attachListeners = (stream) => {
    const rest = new EventEmitter();
    attach(rest);
    const cut = createFrames(
      {
        onCopyData: (bytes, from, to) => handlers.onCopyData(bytes, from, to),
        onOversized: (head, bytes) => handlers.onOversized(head, bytes),
        onOther: (message) => void rest.emit('data', message),
      },
      largestBytes,
    );
    stream.on('data', cut);
    stream.on('end', () => rest.emit('end'));
  };
  const opened: CopyDataWire = {
    get stream() {
      return wire.stream;
    },
    sendCopyFromChunk: (chunk) => wire.sendCopyFromChunk(chunk),
    take(taking) {
      handlers = taking;
      return () => void (handlers = listeners);
    },
  };
  wires.set(client, opened);
  return opened;
}
