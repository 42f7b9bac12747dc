import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ISocketFactory } from 'kafkajs';

/** Kafka's API key of Produce, the first two bytes behind a request's length. */
const produce = 0;

/**
 * Sockets that lose answers: some time after the process has begun to write, the connection is cut at the very moment
 * the broker's answer to a Produce request arrives, once per process. The records are on the log and nobody is told.
 */
export function answerDroppingSockets(passing = 5): ISocketFactory {
  return ({ host, port, ssl, onConnect }) => {
    const socket: Socket = ssl ? connectTls({ host, port, ...ssl }, onConnect) : connectTcp({ host, port }, onConnect);
    const write = socket.write.bind(socket) as (data: Buffer, ...rest: unknown[]) => boolean;
    const emit = socket.emit.bind(socket) as (event: string | symbol, ...values: unknown[]) => boolean;
    let armed = false;
    socket.write = (data: Buffer, ...rest: unknown[]) => {
      if (data.length > 6 && data.readInt16BE(4) === produce && (state.produced += 1) === passing) armed = true;
      return write(data, ...rest);
    };
    socket.emit = ((event: string | symbol, ...values: unknown[]) => {
      if (!armed || event !== 'data') return emit(event, ...values);
      armed = false;
      process.stderr.write('a produce answer was dropped\n');
      socket.destroy();
      return true;
    }) as typeof socket.emit;
    return socket;
  };
}

/** One process loses one answer: a worker that lost each tenth would prove nothing more and take longer. */
const state = { produced: 0 };
