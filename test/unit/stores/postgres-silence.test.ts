import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { Unavailable } from '../../../model/errors';
import { connectTo, type Connection } from '../../../stores/postgres/connection';

const message = (type: string, body = Buffer.alloc(0)) => {
  const head = Buffer.from(`${type}\0\0\0\0`);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
};
const ready = message('Z', Buffer.from('I'));
const greeting = Buffer.concat([message('R', Buffer.alloc(4)), ready]);
/** To one statement of the extended protocol: parsed, bound, no rows, done. */
const answer = Buffer.concat([
  message('1'),
  message('2'),
  message('n'),
  message('C', Buffer.from('SELECT 0\0')),
  ready,
]);

interface Silent {
  readonly connection: Connection;
  readonly answerOne: () => Promise<void>;
}

/** A connection to a server that lets everybody in, and from then on answers when it is told to. */
async function withSilent(use: (silent: Silent) => Promise<void>): Promise<void> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const opening = connectTo({
    url: `postgres://u@127.0.0.1:${(server.address() as AddressInfo).port}/d`,
    applicationName: 'silence',
  });
  const [socket] = (await once(server, 'connection')) as [Socket];
  socket.on('error', () => undefined);
  await once(socket, 'data');
  socket.write(greeting);
  await once(socket, 'data');
  socket.write(answer); // to what every connection sets
  const connection = await opening;
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
  try {
    await use({ connection, answerOne: async () => void socket.write(answer) });
  } finally {
    jest.useRealTimers();
    connection.destroy();
    socket.destroy();
    server.close();
  }
}

const statement = { text: 'select $1', values: [1] };
const outcomeOf = (asked: Promise<unknown>) =>
  asked.then(
    () => 'answered',
    (error: unknown) => error,
  );

test('a server that has said nothing for 35 s is unavailable', async () => {
  await withSilent(async ({ connection }) => {
    const asked = outcomeOf(connection.query(statement));
    jest.advanceTimersByTime(34_999);
    expect(connection.usable).toBe(true);
    jest.advanceTimersByTime(1);
    expect(connection.usable).toBe(false);
    expect(await asked).toBeInstanceOf(Unavailable);
  });
});

test('a statement that was sent ahead has its time from the answer to the one before', async () => {
  await withSilent(async ({ connection, answerOne }) => {
    const [first, second] = [outcomeOf(connection.query(statement)), outcomeOf(connection.query(statement))];
    jest.advanceTimersByTime(30_000);
    await answerOne();
    expect(await first).toBe('answered');
    jest.advanceTimersByTime(34_999);
    expect(connection.usable).toBe(true);
    jest.advanceTimersByTime(1);
    expect(connection.usable).toBe(false);
    expect(await second).toBeInstanceOf(Unavailable);
  });
});
