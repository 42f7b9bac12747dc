import { connect, type Socket } from 'node:net';
import type { ISocketFactory } from 'kafkajs';

/** Request types of Kafka's protocol, as they stand in bytes 4 and 5 of a request. */
export const requests = { produce: 0, fetch: 1, addPartitions: 24, endTransaction: 26 } as const;

export type Tampering =
  | { readonly kind: 'pass' }
  /** The broker gets the request, its answer does not arrive: the connection breaks instead. */
  | { readonly kind: 'drop-answer' }
  /** The request leaves only when `until` has resolved. */
  | { readonly kind: 'hold'; readonly until: Promise<void> };

/** Sockets to Kafka on which a test decides what becomes of each request. A proxy would be bypassed. */
export function tamperedSockets(decide: (request: number) => Tampering): ISocketFactory {
  return ({ host, port, onConnect }) => {
    const socket = connect({ host, port }, onConnect);
    const write = socket.write.bind(socket) as (bytes: Buffer) => boolean;
    const tampered = (bytes: Buffer): boolean => {
      const decision = decide(bytes.readInt16BE(4));
      if (decision.kind === 'hold') {
        void decision.until.then(() => socket.writable && write(bytes));
        return true;
      }
      if (decision.kind === 'drop-answer') dropNextAnswer(socket);
      return write(bytes);
    };
    socket.write = tampered as Socket['write'];
    return socket;
  };
}

function dropNextAnswer(socket: Socket): void {
  const emit = socket.emit.bind(socket);
  socket.emit = ((event: string, ...values: unknown[]) => {
    if (event !== 'data') return emit(event, ...values);
    socket.destroy(new Error('the answer was lost'));
    return true;
  }) as Socket['emit'];
}
