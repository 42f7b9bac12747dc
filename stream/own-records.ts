import type { KafkaMessage } from 'kafkajs';
import { absentHeader } from './envelope';
import { otherLog } from './gap';
import type { FetchedRecord } from './log';

export interface FetchedMessages {
  readonly topic: string;
  readonly partition: number;
  readonly messages: readonly KafkaMessage[];
}

/** Hands over the records of one log, each with its offset. Throws `Blocked` log-replaced at the first one of another log. */
export class OwnRecords {
  private readonly logIdBytes: Buffer;

  constructor(private readonly logId: string) {
    this.logIdBytes = Buffer.from(logId);
  }

  each(
    { topic, partition, messages }: FetchedMessages,
    onRecord: (record: FetchedRecord, offset: number) => void,
  ): void {
    // Records in a row share their headers: each header is looked at once.
    let ours: unknown = null;
    for (const { headers, key, value, offset } of messages) {
      const logId = headers?.['logId'];
      if (logId !== ours && Buffer.isBuffer(logId) && this.logIdBytes.equals(logId)) ours = logId;
      if (logId === undefined || logId !== ours) {
        const found = logId === undefined ? null : logId.toString();
        throw otherLog(`The record at offset ${offset} of ${topic}, partition ${partition},`, this.logId, found);
      }
      const absent = headers?.[absentHeader];
      const record = { topic, partition, offset, key, value };
      onRecord(absent === undefined ? record : { ...record, absentBytes: Number(absent.toString()) }, Number(offset));
    }
  }
}
