import { Blocked } from '../model/errors';
import type { EncodedRecord } from './log';

/** The brokers' limit of 1 MiB holds per partition batch, headers and framing included, and kafkajs does not split. */
export const maxPartitionBytes = 900_000;
/** kafkajs groups a send in quadratic time per partition; 1,000 a send measured best. */
const maxSendRecords = 1_000;
/** Keeps one request below the brokers' `socket.request.max.bytes` and a slow network below the request time-out. */
const maxSendBytes = 8_000_000;
/** Batch framing per record: lengths, deltas and the header's name; the header's value comes on top. */
const recordOverhead = 64;

/** Splits records into sends, each within the limits, order kept. Throws `Blocked` for a record no send could carry. */
export function splitIntoSends(records: readonly EncodedRecord[], headerBytes: number): EncodedRecord[][] {
  const sends: EncodedRecord[][] = [];
  let send: EncodedRecord[] = [];
  let sendBytes = 0;
  let partitionBytes = new Map<string, number>();
  for (const record of records) {
    const bytes = record.key.length + (record.value?.length ?? 0) + headerBytes + recordOverhead;
    if (bytes > maxPartitionBytes) throw tooLarge(record, bytes);
    const partition = `${record.partition} ${record.topic}`;
    const inPartition = (partitionBytes.get(partition) ?? 0) + bytes;
    if (send.length >= maxSendRecords || sendBytes + bytes > maxSendBytes || inPartition > maxPartitionBytes) {
      sends.push(send);
      send = [];
      sendBytes = 0;
      partitionBytes = new Map();
    }
    send.push(record);
    sendBytes += bytes;
    partitionBytes.set(partition, (partitionBytes.get(partition) ?? 0) + bytes);
  }
  if (send.length > 0) sends.push(send);
  return sends;
}

function tooLarge({ topic, partition }: EncodedRecord, bytes: number): Blocked {
  return new Blocked(
    'unstorable',
    `A change for ${topic}, partition ${partition}, takes ${bytes} bytes, and a record of the log can take ` +
      `${maxPartitionBytes}. Make the row smaller (an update carries it twice: before and after), or leave its table ` +
      'out of source.tables.',
  );
}
