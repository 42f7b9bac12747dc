import { Kafka, logLevel, type Admin, type Message } from 'kafkajs';
import { testAddress } from './project';

/** Kafka's client as tests use it that are not about it: silent, and without our own settings. */
export type { Admin, ISocketFactory, Kafka, Producer, Transaction } from 'kafkajs';
export { CompressionTypes } from 'kafkajs';

export function quietKafka(clientId: string, brokers: readonly string[] = [testAddress('kafka')]): Kafka {
  return new Kafka({ brokers: [...brokers], clientId, logLevel: logLevel.NOTHING });
}

export async function withAdmin<Result>(kafka: Kafka, work: (admin: Admin) => Promise<Result>): Promise<Result> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** As somebody does who does not know whose topic it is. */
export async function writeByHand(kafka: Kafka, topic: string, message: Message): Promise<void> {
  const producer = kafka.producer();
  await producer.connect();
  try {
    await producer.send({ topic, messages: [message] });
  } finally {
    await producer.disconnect();
  }
}
