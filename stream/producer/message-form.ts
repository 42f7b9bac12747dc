import type { Message } from 'kafkajs';
import type { ProducerKind } from '../../model/settings';
import type { KafkaLog } from '../kafka';
import { prepareFastProducer } from './fast';
import { groupedMessages } from './partition-records';
import { createHeaderEncoder, type Payload } from './records';

/** How the records of one topic are handed to kafkajs. */
export interface MessageForm {
  readonly kind: ProducerKind;
  /** Partition → its records, in order. */
  toMessages(partitions: ReadonlyMap<number, readonly Payload[]>): Message[];
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
  if (wanted === 'fast' && problem === null) {
    const encoded = createHeaderEncoder(headers);
    return { kind: 'fast', toMessages: (partitions) => groupedMessages(partitions, encoded) };
  }
  return {
    kind: 'stock',
    toMessages: (partitions) =>
      [...partitions].flatMap(([partition, records]) =>
        records.map(({ key, value, headers: own }) => ({
          ...{ partition, key, value },
          headers: own ? { ...headers, ...own } : headers,
        })),
      ),
  };
}
