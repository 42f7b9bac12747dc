import { Blocked } from '../model/errors';
import type { LogicalMessage } from '../model/message';
import { messagesTopic } from '../model/names';
import type { EnvelopeContext } from './envelope';
import type { EncodedRecord } from './log';
import { partitionOf } from './partition';

/**
 * A logical message as it stands on the log: its prefix is the key, so that all messages of one prefix keep their order;
 * its bytes are the value, untouched; where it comes from is in headers, as decimal digits.
 */
export function encodeMessage(message: LogicalMessage, context: EnvelopeContext): EncodedRecord {
  const { prefix, content, position, transaction } = message;
  const key = Buffer.from(prefix);
  const bytes = key.length + content.length;
  if (context.limit && bytes > context.limit.bytes) throw tooLarge(prefix, bytes, context.limit.bytes);
  const headers = {
    lsn: Buffer.from(position.lsn),
    index: Buffer.from(String(position.index)),
    ...(transaction && {
      xid: Buffer.from(String(transaction.xid)),
      committedAt: Buffer.from(String(transaction.committedAt)),
    }),
  };
  const partition = partitionOf(key, context.partitions);
  return { topic: messagesTopic(context.prefix), partition, key, value: content, headers };
}

function tooLarge(prefix: string, bytes: number, limit: number): Blocked {
  return new Blocked(
    'oversized',
    `A logical message of prefix ${prefix} takes ${bytes} bytes as a record, and the log takes ${limit}. Nothing from its ` +
      'transaction on was confirmed. Stop the pipeline and start it again with a larger log.maxMessageBytes (and ' +
      'max.message.bytes of its topics), or without this prefix under source.messages.',
  );
}
