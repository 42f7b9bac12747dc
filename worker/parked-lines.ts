import { createKafka } from '../stream/kafka';
import { parkedId, type ParkedRecord } from '../stream/parked-format';
import { readParked } from '../stream/parked-log';
import { compareDecimal } from '../model/position';

/** What `slipstream parked` shows: every parked record of a topic, whole. A row's records stand in the log's order. */
export async function readParkedLines({
  kafkaBrokers,
  topic,
}: {
  readonly kafkaBrokers: readonly string[];
  readonly topic: string;
}) {
  const found = new Map<string, ParkedRecord>();
  const kafka = createKafka({ brokers: kafkaBrokers, clientId: 'slipstream-parked' });
  await readParked(
    kafka,
    topic,
    (parked) => void found.set(parkedId(parked.facts), parked),
    (id) => void found.delete(id),
  );
  return [...found.values()].map(lineOf).sort((left, right) => compareDecimal(left.offset, right.offset));
}

function lineOf({ facts, record }: ParkedRecord) {
  const { generation, keyId, table, key, partition, offset, reason, message, parkedAt, attempts } = facts;
  return {
    ...{ generation, key: keyId, table, row: key, partition, offset, reason, message, parkedAt, attempts },
    record: textOf(record.value ?? Buffer.alloc(0)),
  };
}

/** Damaged bytes must not come out as other bytes. */
function textOf(value: Buffer): { readonly text: string } | { readonly base64: string } {
  const text = value.toString('utf8');
  return Buffer.from(text).equals(value) ? { text } : { base64: value.toString('base64') };
}
