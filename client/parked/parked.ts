import { parkedTopic } from '../../model/names';
import { parseSettings } from '../../model/settings';
import type { PipelineStatus } from '../../model/status';
import type { Operations } from '../operations';
import { CommandFailure } from '../outcome';
import type { Output } from '../status/screen';
import type { ParkedCommand } from './arguments';
import { renderList, renderShow, type ParkedLine } from './render';

type Read = (input: {
  readonly kafkaBrokers: readonly string[];
  readonly topic: string;
}) => Promise<readonly ParkedLine[]>;

/** Loaded when it is needed: the other commands have no use for drivers. */
const realRead: Read = async (input) => (await import('../../worker/deps')).readParkedLines(input);

/**
 * `slipstream parked`. `list` and `show` read the topic of parked records themselves, as `doctor` looks at servers itself
 * (docs/decisions/0008): rows have no place in a workflow's answers. The others are messages.
 */
export async function parked(
  command: ParkedCommand,
  around: {
    readonly operations: () => Promise<Operations>;
    readonly output: Output;
    readonly environment: Readonly<Record<string, string | undefined>>;
  },
  read: Read = realRead,
): Promise<void> {
  const { pipeline, store, json } = command;
  const { output } = around;
  const operations = await around.operations();
  const print = (value: unknown, lines: readonly string[]) =>
    output.write(`${json ? JSON.stringify(value) : lines.join('\n')}\n`);
  if (command.action !== 'list' && command.action !== 'show') {
    const { action, message } = command;
    await operations.parked(pipeline, message);
    const { key = null, offset = null } = message;
    print({ sent: 'parked', pipeline, store, action, key, offset }, [done[action]]);
    return;
  }
  const prefix = prefixOf(await operations.status(pipeline), store);
  const { kafkaBrokers } = parseSettings(around.environment);
  const lines = await read({ kafkaBrokers, topic: parkedTopic(prefix, store) });
  if (command.action === 'list') {
    print({ pipeline, store, parked: lines.map(({ record: _, ...facts }) => facts) }, renderList(lines));
    return;
  }
  const ofKey = lines.filter(({ key }) => key === command.key);
  if (ofKey.length === 0) {
    throw new CommandFailure(
      'notFound',
      `No record of key '${command.key}' is parked by '${store}'. See: slipstream parked list ${pipeline} ${store}`,
    );
  }
  print({ pipeline, store, parked: ofKey }, renderShow(ofKey));
}

const done = {
  retry: 'Ordered to be applied; what does not go through stays parked: see slipstream parked list.',
  skip: 'Ordered to be skipped for good: the store keeps what it holds of that row until its next change.',
  accept: 'The generation being built may be promoted with what it has parked.',
} as const;

/** Of the log: the positions topic is the one whose name has two parts (model/names.ts). */
function prefixOf(status: PipelineStatus, store: string): string {
  const found = status.stores[store];
  if (!found) {
    throw new CommandFailure(
      'notFound',
      `Pipeline '${status.pipeline}' has no store '${store}'. It has ${Object.keys(status.stores).join(', ')}.`,
    );
  }
  const topics = found.generations.flatMap(({ progress }) => Object.keys(progress?.next ?? {}));
  const prefix = topics.flatMap((topic) => /^([^.]+)\.positions$/.exec(topic)?.[1] ?? [])[0];
  if (prefix === undefined) {
    throw new CommandFailure(
      'notFound',
      `Store '${store}' of '${status.pipeline}' has not begun to follow its log, so nothing is parked yet.`,
    );
  }
  return prefix;
}
