import { connect, type Socket } from 'node:net';
import type { ISocketFactory } from '../../support/kafka';

/** Request types of Kafka's protocol, as they stand in bytes 4 and 5 of a request. */
export const requests = {
  produce: 0,
  fetch: 1,
  listOffsets: 2,
  joinGroup: 11,
  heartbeat: 12,
  findCoordinator: 10,
  addPartitions: 24,
  endTransaction: 26,
} as const;

export type Tampering =
  | { readonly kind: 'pass' }
  /** The broker gets the request, its answer does not arrive: the connection breaks instead. */
  | { readonly kind: 'drop-answer' }
  /** The beginning of its answer arrives, and the connection breaks. */
  | { readonly kind: 'cut-answer' }
  /**
   * The broker's answer arrives with this error code in its last two bytes: right for heartbeats and added partitions. An answer that
   * is an error anyway ("the last transaction is not over yet", which comes or not) stays as it is; `replaced` tells.
   */
  | { readonly kind: 'answer-error'; readonly code: number; readonly replaced?: () => void }
  /** The request leaves only when `until` has resolved. */
  | { readonly kind: 'hold'; readonly until: Promise<void> };

/** Sockets to Kafka on which a test decides what becomes of each request. A proxy would be bypassed. */
export function tamperedSockets(decide: (request: number) => Tampering): ISocketFactory {
  return ({ host, port, onConnect }) => {
    const socket = connect({ host, port }, onConnect);
    const write: (bytes: Buffer) => boolean = socket.write.bind(socket);
    const tampered = (bytes: Buffer): boolean => {
      const decision = decide(bytes.readInt16BE(4));
      if (decision.kind === 'hold') {
        void decision.until.then(() => socket.writable && write(bytes));
        return true;
      }
      if (decision.kind === 'drop-answer') {
        onNextAnswer(socket, () => void socket.destroy(new Error('the answer was lost')));
      } else if (decision.kind === 'cut-answer') {
        onNextAnswer(socket, (bytes, deliver) => {
          deliver(bytes.subarray(0, bytes.length / 2));
          socket.destroy(new Error('the answer was cut'));
        });
      } else if (decision.kind === 'answer-error') {
        onNextAnswer(socket, (bytes, deliver) => {
          if (bytes.readInt16BE(bytes.length - 2) === 0) {
            bytes.writeInt16BE(decision.code, bytes.length - 2);
            decision.replaced?.();
          }
          deliver(bytes);
        });
      }
      return write(bytes);
    };
    socket.write = tampered;
    return socket;
  };
}

function onNextAnswer(socket: Socket, act: (bytes: Buffer, deliver: (bytes: Buffer) => void) => void): void {
  // kafkajs listens with one function; it is taken off until the answer has been dealt with.
  const listeners = socket.listeners('data') as ((bytes: Buffer) => void)[];
  socket.removeAllListeners('data');
  socket.once('data', (bytes: Buffer) => {
    for (const listener of listeners) socket.on('data', listener);
    act(bytes, (all) => listeners.forEach((listener) => listener.call(socket, all)));
  });
}
