import type { Message } from 'kafkajs';
import type { ProducerKind } from '../../model/settings';
import type { KafkaLog } from '../kafka';
import { prepareFastProducer } from './fast';
import type { WrittenBatch } from '../written-batch';
import { groupedMessages } from './partition-records';
import { createHeaderEncoder, type HeaderEncoder, type Payload } from './records';

/** How the records of one topic are handed to kafkajs. */
export interface MessageForm {
  readonly kind: ProducerKind;
  /** Headers as they stand in a record, those of every record among them. */
  readonly encodeHeaders: HeaderEncoder;
  /** Partition → its records, in order. */
  toMessages(partitions: ReadonlyMap<number, readonly Payload[] | WrittenBatch>): Message[];
}

/** `fast` where it can be had, else kafkajs' own with a warning: slower, and right. `headers` go with every record. */
export async function openMessageForm(
  wanted: ProducerKind,
  {
    headers,
    log,
    prepare = prepareFastProducer,
  }: {
    readonly headers: Readonly<Record<string, Buffer>>;
    readonly log: KafkaLog | undefined;
    readonly prepare?: () => Promise<string | null>;
  },
): Promise<MessageForm> {
  const problem = wanted === 'fast' ? await prepare() : null;
  if (problem !== null) log?.('warn', 'the fast producer cannot be used, the stock one takes its place', { problem });
  const encodeHeaders = createHeaderEncoder(headers);
  if (wanted === 'fast' && problem === null) {
    return { kind: 'fast', encodeHeaders, toMessages: (partitions) => groupedMessages(partitions, encodeHeaders) };
  }
  return {
    kind: 'stock',
    encodeHeaders,
    toMessages: (partitions) =>
      [...partitions].flatMap(([partition, records]) =>
        [...records].map(({ key, value, headers: own }) => ({
          ...{ partition, key, value },
          headers: own ? { ...headers, ...own } : headers,
        })),
      ),
  };
}
