import { createKafka } from '../../stream/kafka';
import { readPieces } from '../lane';
import type { Log, Place } from '../log';
import type { Meter } from '../meter';

export interface RawProduceSpec {
  /** The log whose records are produced once more. */
  readonly place: Place;
  readonly log: Log;
  /** An empty topic with as many partitions. */
  readonly topic: string;
}

/** What measured best for the stock client: bigger sends make it slower. */
const recordsPerSend = 1_000;
const inFlight = 4;

/** The same records by the same client: idempotent, `acks=all`, partitions given, no transactions. Tombstones too. */
export async function rawProduce({ place, log, topic }: RawProduceSpec, meter: Meter): Promise<number> {
  const sends = await readSends(place, log);
  const kafka = createKafka({ brokers: [place.kafka], clientId: 'bench-produce' });
  const producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: inFlight,
    createPartitioner:
      () =>
      ({ message }) =>
        message.partition ?? 0,
  });
  await producer.connect();
  try {
    let sent = 0;
    const left = sends.values();
    const sender = async () => {
      for (const messages of left) {
        await producer.send({ topic, acks: -1, messages });
        sent += messages.length;
      }
    };
    meter.start();
    await Promise.all(Array.from({ length: inFlight }, sender));
    meter.stop();
    return sent;
  } finally {
    await producer.disconnect();
  }
}

async function readSends(place: Place, log: Log) {
  const headers = { logId: Buffer.from(log.logId) };
  const messages = [];
  for await (const records of readPieces(place, log)) {
    for (const { partition, key, value } of records) messages.push({ partition, key, value, headers });
  }
  const sends: (typeof messages)[] = [];
  for (let at = 0; at < messages.length; at += recordsPerSend) sends.push(messages.slice(at, at + recordsPerSend));
  return sends;
}
