import { createKafka } from '../../stream/kafka';
import type { EncodedRecord } from '../../stream/log';
import { openMessageForm } from '../../stream/producer/message-form';
import { groupByPlace, splitIntoSends } from '../../stream/sends';
import { readPieces } from '../lane';
import type { Log, Place } from '../log';
import type { Meter } from '../meter';

export interface RawProduceSpec {
  /** The log whose records are produced once more, by the producer it was written with. */
  readonly place: Place;
  readonly log: Log;
  /** An empty topic with as many partitions. */
  readonly topic: string;
}

const inFlight = 4;

/** The same records by the same client: idempotent, `acks=all`, partitions given, no transactions. Tombstones too. */
export async function rawProduce(spec: RawProduceSpec, meter: Meter): Promise<number> {
  const producing = await openRawProduce(spec);
  try {
    meter.start();
    const sent = await producing.produce();
    meter.stop();
    return sent;
  } finally {
    await producing.close();
  }
}

/** With its records in memory, and connected. */
export interface RawProducing {
  /** All of them, once. Resolves with how many they are. */
  produce(): Promise<number>;
  close(): Promise<void>;
}

export async function openRawProduce({ place, log, topic }: RawProduceSpec): Promise<RawProducing> {
  const sends = await readSends(place, { log, topic });
  const headers = { logId: Buffer.from(log.logId) };
  const form = await openMessageForm(place.producer, { headers, log: undefined });
  if (form.kind !== place.producer) throw new Error(`There is no ${place.producer} producer here.`);
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
  return {
    async produce() {
      let sent = 0;
      const left = sends.values();
      const sender = async () => {
        for (const records of left) {
          const partitions = groupByPlace(records).get(topic) ?? new Map<number, EncodedRecord[]>();
          await producer.send({ topic, acks: -1, messages: form.toMessages(partitions) });
          sent += records.length;
        }
      };
      await Promise.all(Array.from({ length: inFlight }, sender));
      return sent;
    },
    close: () => producer.disconnect(),
  };
}

async function readSends(place: Place, { log, topic }: Pick<RawProduceSpec, 'log' | 'topic'>) {
  const records: EncodedRecord[] = [];
  for await (const piece of readPieces(place, log)) {
    for (const { partition, key, value } of piece) {
      records.push({ topic, partition, key: key ?? Buffer.alloc(0), value });
    }
  }
  // The sends a log writer would make of them: as large as that producer is given, and a partition's share within a batch.
  const limits = { headerBytes: log.logId.length, maxRecordBytes: Infinity, producer: place.producer };
  return splitIntoSends(records, limits);
}
