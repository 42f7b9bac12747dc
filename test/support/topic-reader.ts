import { randomUUID } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';

/**
 * A program: `node topic-reader.js <broker> <topic> <count>` reads that many committed records with kafkajs as it comes,
 * in a process that knows nothing of our encoder, and prints each as a line of JSON, bytes in base64.
 */
async function main([broker = '', topic = '', count = '']: readonly string[]): Promise<void> {
  const kafka = new Kafka({ brokers: [broker], clientId: 'topic-reader', logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: `topic-reader-${randomUUID()}` });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  let left = Number(count);
  await new Promise<void>((resolve, reject) => {
    consumer
      .run({
        autoCommit: false,
        eachMessage: ({ partition, message: { offset, key, value, headers } }) => {
          const text = (bytes: unknown) => (Buffer.isBuffer(bytes) ? bytes.toString('base64') : null);
          const named = Object.fromEntries(Object.entries(headers ?? {}).map(([name, bytes]) => [name, text(bytes)]));
          const line = { partition, offset: Number(offset), key: text(key), value: text(value), headers: named };
          process.stdout.write(`${JSON.stringify(line)}\n`);
          left -= 1;
          if (left === 0) resolve();
          return Promise.resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
