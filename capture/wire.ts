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

export interface CopyDataWire extends Pick<Wire, 'sendCopyFromChunk'> {
  readonly stream: Wire['stream'];
  /** Who gets CopyData from now on. Before, listeners of `pg`'s own event do. */
  take(handlers: CopyDataHandlers): void;
}

/**
 * CopyData goes to whoever takes it, everything else to `pg`, message by message; login, TLS and errors stay its own. Left to read
 * by itself, its parser copies all that it has read as soon as a message ends in another read than it began in, into a buffer
 * that doubles: a row of 15 MiB took 56. To be called before the client connects, so that both begin with the first byte.
 */
export function openCopyDataWire(client: Client, largestBytes = Infinity): CopyDataWire {
  const wire = client.connection as unknown as Wire;
  const attach = wire.attachListeners.bind(wire);
  let handlers: CopyDataHandlers = {
    onCopyData: (bytes, from, to) => wire.emit('copyData', { chunk: bytes.subarray(from, to) }),
    onOversized: () => undefined,
  };
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
  return {
    get stream() {
      return wire.stream;
    },
    sendCopyFromChunk: (chunk) => wire.sendCopyFromChunk(chunk),
    take: (taking) => void (handlers = taking),
  };
}
