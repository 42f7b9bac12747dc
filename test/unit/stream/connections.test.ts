import { createRequire } from 'node:module';
import { forgetCutAnswers, type Connecting } from '../../../stream/connections';
import { receiveLargeResponses, type Receiving } from '../../../stream/consumer/large-responses';

type Connection = Connecting & Receiving;

const { prototype } = createRequire(__filename)('kafkajs/src/network/connection') as { readonly prototype: Connection };

/** A connection as kafkajs reads it, its prototype a copy that opens nothing. */
function connection(change: (connections: Connection) => void): { read: Connection; answered: number[] } {
  const answered: number[] = [];
  const requestQueue = {
    fulfillRequest: ({ correlationId }: { readonly correlationId: number }) => answered.push(correlationId),
  };
  const opening = { connect: () => Promise.resolve(true), isConnected: () => false };
  const kind = Object.assign(Object.create(prototype) as Connection, opening);
  change(kind);
  const state = { chunks: [], bytesBuffered: 0, bytesNeeded: 4, authHandlers: null, requestQueue };
  return { read: Object.assign(Object.create(kind) as Connection, state), answered };
}

function answer(correlationId: number, bytes: number): Buffer {
  const framed = Buffer.alloc(8 + bytes, 7);
  framed.writeInt32BE(bytes + 4, 0);
  framed.writeInt32BE(correlationId, 4);
  return framed;
}

/** What is understood of two answers that follow one which was cut, of so many bytes, on a connection opened again. */
async function behindCut(bytes: number, change: (connections: Connection) => void): Promise<number[]> {
  const { read, answered } = connection(change);
  const cut = answer(1, bytes);
  read.processData(cut.subarray(0, 100));
  read.processData(cut.subarray(100, bytes / 2));
  await read.connect();
  read.processData(answer(2, bytes));
  read.processData(answer(3, 10));
  return answered;
}

const sizes: [string, number][] = [
  ['small', 1_000],
  ['large', 3 << 20],
];

test.each(sizes)('a %s answer that was cut is forgotten when its connection is opened again', async (_what, bytes) => {
  expect(await behindCut(bytes, forgetCutAnswers)).toEqual([2, 3]);
  const both = (connections: Connection) => {
    forgetCutAnswers(connections);
    receiveLargeResponses(connections);
  };
  expect(await behindCut(bytes, both)).toEqual([2, 3]);
});

test.each(sizes)('control: kafkajs by itself understands nothing behind a %s one', async (_what, bytes) => {
  expect(await behindCut(bytes, () => undefined)).not.toContain(2);
});

test('one that is open goes on with what has come', async () => {
  const { read, answered } = connection(forgetCutAnswers);
  const whole = answer(1, 1_000);
  read.processData(whole.subarray(0, 100));
  read.isConnected = () => true;
  await read.connect();
  read.processData(whole.subarray(100));
  expect(answered).toEqual([1]);
});
