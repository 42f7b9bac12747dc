import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { provision as Provision } from '../../stack';
import { projectFolder } from './project';

export interface JavaRecord {
  readonly partition: number;
  readonly offset: number;
  /** `name:value`, several separated by commas. */
  readonly headers: string;
  readonly key: string;
  /** null: a tombstone. */
  readonly value: string | null;
}

/** Between fields and behind records: what no record of a test contains. */
const field = '\u0001';
const record = '\u0002';
const tombstone = '\u0003';

/**
 * The first `count` committed records of a topic as Kafka's own console consumer reads them: Java, the check of every
 * batch verified, in the order of each partition.
 */
export async function readWithJava(broker: string, topic: string, count: number): Promise<JavaRecord[]> {
  const text = await run('org.apache.kafka.tools.consumer.ConsoleConsumer', [
    ...['--bootstrap-server', broker, '--topic', topic, '--from-beginning', '--isolation-level', 'read_committed'],
    ...['--max-messages', String(count), '--timeout-ms', '60000'],
    ...['partition', 'offset', 'headers', 'key', 'value'].flatMap((part) => ['--property', `print.${part}=true`]),
    ...['--property', `key.separator=${field}`, '--property', `line.separator=${record}`],
    ...['--property', `null.literal=${tombstone}`, '--property', 'headers.separator=,'],
  ]);
  const records = text.split(record).slice(0, -1);
  return records.map((line) => {
    const [partition = '', offset = '', headers = '', key = '', value = ''] = line.split(field);
    return {
      partition: Number(partition.replace('Partition:', '')),
      offset: Number(offset.replace('Offset:', '')),
      ...{ headers, key, value: value === tombstone ? null : value },
    };
  });
}

/** What Kafka's own tool finds in a segment of a partition on the broker's disk, a line a batch. */
export function dumpSegment(file: string): Promise<string> {
  return run('kafka.tools.DumpLogSegments', ['--files', file]);
}

async function run(mainClass: string, args: readonly string[]): Promise<string> {
  const { provision } = createRequire(join(projectFolder, 'package.json'))('./stack') as {
    provision: typeof Provision;
  };
  // The jars, not the broker of this run, whose address stands there.
  const { kafka } = await provision({ parts: ['kafka'], env: { ...process.env, KAFKA_BROKERS: undefined } });
  if (!kafka?.java || !kafka.path)
    throw new Error('There are no jars of Kafka in the cache: run "node stack/cli.js provision kafka".');
  const { stdout } = await promisify(execFile)(
    kafka.java,
    ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-cp', join(kafka.path, '*'), mainClass, ...args],
    { maxBuffer: 1 << 28, encoding: 'utf8' },
  );
  return stdout;
}
