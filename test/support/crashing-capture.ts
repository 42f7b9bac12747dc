import { randomUUID } from 'node:crypto';
import type { Producer } from 'kafkajs';
import { resourceNames } from '../../model/names';
import { recordRules } from '../../model/pipeline';
import { createKafka } from '../../stream/kafka';
import type { Closing, LogWriter } from '../../stream/log';
import { openLogWriter, takeFence } from '../../stream/log-writer';
import { isSupply, type Records } from '../../stream/supply';
import { writtenTopicsOf, type CaptureParts } from '../../capture/parts';
import type { Pass } from './crash-points';
import type { Sabotage } from './misdeeds';
import { answerDroppingSockets } from './dropped-answers';

/** Capture's parts with crash points in them, and without what is sabotaged. */
export function crashingCaptureParts(real: CaptureParts, pass: Pass, sabotage: ReadonlySet<Sabotage>): CaptureParts {
  let confirmEarly: (lsn: string) => void = () => undefined;
  return {
    ...real,
    ...(sabotage.has('no-source-judgement') ? { judgeSource: () => null } : {}),
    async openWriter(options, { logId, systemId, timeline }) {
      const { name, log } = options.pipeline;
      const fenceless = sabotage.has('no-kafka-fence');
      const dropping = sabotage.has('lost-produce-answer') ? answerDroppingSockets() : null;
      const writer = await openLogWriter({
        kafka: createKafka({
          brokers: options.brokers,
          clientId: `slipstream-${name}-writer`,
          log: options.log,
          ...(dropping ? { socketFactory: dropping } : {}),
        }),
        prefix: log.prefix,
        // The id alone fences, at the first transaction: without a fence each writer needs one of its own.
        transactionalId: fenceless ? `unfenced-${randomUUID()}` : resourceNames(name).transactionalId,
        logId,
        source: { systemId, timeline },
        topics: writtenTopicsOf(options.pipeline),
        maxMessageBytes: recordRules(options.pipeline).maxMessageBytes,
        producer: options.producer,
        fence: async (producer) => {
          if (!fenceless) await takeFence(producer);
          passInsideTransactions(producer, pass);
        },
      });
      const early = sabotage.has('confirm-before-append') ? (lsn: string) => confirmEarly(lsn) : () => undefined;
      const passing = sabotage.has('truncate-passed-at-once') ? passingTruncate : (closing: Closing) => closing;
      return crashingWriter(writer, pass, { early, passing });
    },
    confirm(replication, lsn) {
      confirmEarly = (earlier) => replication.confirm(earlier);
      real.confirm(replication, lsn);
      pass('capture.after-confirm');
    },
    async readChunk(client, request) {
      const chunk = await real.readChunk(client, request);
      pass('copy.after-read');
      return chunk;
    },
    mustReadAgain: sabotage.has('no-snapshot-check') ? () => false : real.mustReadAgain,
  };
}

interface WriterMisdeeds {
  readonly early: (lsn: string) => void;
  readonly passing: (closing: Closing, records: Records) => Closing;
}

/** Deletes that close nothing: of the workloads that name such a point, a TRUNCATE alone is larger than a unit. */
function isTruncate(closing: Closing, records: Records): boolean {
  return !closing.closed && !isSupply(records) && records.some(({ value }) => value === null);
}

function passingTruncate(closing: Closing, records: Records): Closing {
  const { lsn, index } = closing.position;
  return isTruncate(closing, records) ? { ...closing, position: { lsn, index: index + 1 } } : closing;
}

function crashingWriter(writer: LogWriter, pass: Pass, { early, passing }: WriterMisdeeds): LogWriter {
  return {
    get last() {
      return writer.last;
    },
    maxRecordBytes: writer.maxRecordBytes,
    batches: writer.batches,
    async append(records, closing, versions) {
      const before = rowsCopied(writer);
      if (records.length > 0) pass('capture.before-append');
      if (closing.closed) early(closing.position.lsn);
      const record = await writer.append(records, passing(closing, records), versions);
      if (isTruncate(closing, records)) pass('truncate.after-append');
      if (records.length > 0) pass('capture.after-append');
      if (rowsCopied(writer) > before) pass('copy.after-append');
      return record;
    },
    close: () => writer.close(),
  };
}

function rowsCopied({ last }: LogWriter): number {
  return Object.values(last?.copies ?? {}).reduce((sum, { rows }) => sum + rows, 0);
}

/** Between the last answer to what a transaction with changes sends and its end: the position record may be there, and nobody sees it. */
function passInsideTransactions(producer: Producer, pass: Pass): void {
  const begin = producer.transaction.bind(producer);
  producer.transaction = async (...options) => {
    const transaction = await begin(...options);
    const commit = transaction.commit.bind(transaction);
    const sendBatch = transaction.sendBatch.bind(transaction);
    let sent = false;
    transaction.sendBatch = (batch) => {
      sent ||= batch.topicMessages?.some(({ topic }) => !topic.endsWith('.positions')) ?? false;
      return sendBatch(batch);
    };
    transaction.commit = () => {
      if (sent) pass('capture.inside-transaction');
      return commit();
    };
    return transaction;
  };
}
