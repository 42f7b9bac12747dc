import { parseArgs, type ParseArgsConfig } from 'node:util';
import { closest, suggest } from '../model/did-you-mean';
import { checkKeys } from '../workflows/copied-keys';
import type { CopiedKey, CopyOrder } from '../workflows/messages';
import { initOptions, parseInit, type InitCommand } from './init/arguments';
import { CommandFailure } from './outcome';
import { parkedOptions, parseParked, type ParkedCommand } from './parked/arguments';

/** What was asked for, complete: nothing has to be defaulted again. */
export type Command =
  | { readonly name: 'help'; readonly json: boolean }
  | InitCommand
  | ParkedCommand
  | { readonly name: 'doctor'; readonly file: string; readonly json: boolean }
  | { readonly name: 'plan'; readonly file: string; readonly json: boolean }
  | { readonly name: 'start'; readonly file: string; readonly json: boolean }
  | { readonly name: 'status'; readonly pipeline: string; readonly watch: boolean; readonly json: boolean }
  | {
      readonly name: 'pause' | 'resume' | 'retry';
      readonly pipeline: string;
      /** A store's name, or `capture`; null: all of them. */
      readonly store: string | null;
      readonly json: boolean;
    }
  | {
      readonly name: 'rebuild';
      readonly pipeline: string;
      readonly store: string;
      readonly reason: string;
      /** File with the store's new definition; null: as it is. */
      readonly definitionFile: string | null;
      readonly json: boolean;
    }
  | {
      readonly name: 'copy';
      readonly pipeline: string;
      readonly order: CopyOrder;
      readonly json: boolean;
    }
  | { readonly name: 'stop'; readonly pipeline: string; readonly json: boolean }
  | { readonly name: 'wait'; readonly pipeline: string; readonly timeoutSeconds: number; readonly json: boolean };

export const names = [
  'init',
  'doctor',
  'plan',
  'start',
  'status',
  'pause',
  'resume',
  'retry',
  'rebuild',
  'copy',
  'parked',
  'stop',
  'wait',
] as const;
export type Name = (typeof names)[number];

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const always = { json: flag, help: { type: 'boolean', short: 'h' } } as const;

const options: Readonly<Record<Name, NonNullable<ParseArgsConfig['options']>>> = {
  init: initOptions,
  doctor: {},
  plan: {},
  start: {},
  status: { watch: { type: 'boolean', short: 'w' } },
  pause: { store: text },
  resume: { store: text },
  retry: { store: text },
  rebuild: { store: text, reason: text, definition: text },
  copy: { table: text, key: { type: 'string', multiple: true }, pause: flag, resume: flag },
  parked: parkedOptions,
  stop: {},
  wait: { timeout: text },
};

/** Ten minutes: a copy of some million rows ends well within it. */
const defaultWaitSeconds = 600;

/** Pure. Throws `CommandFailure` usage, which says what is wrong with the line and what is expected. */
export function parseCommand(argv: readonly string[]): Command {
  const [first, ...rest] = argv;
  if (first === undefined || first === 'help' || first === '--help' || first === '-h')
    return { name: 'help', json: false };
  const name = names.find((candidate) => candidate === first);
  if (name === undefined)
    throw usage(`There is no command '${first}'. ${suggest(first, names, `The commands are ${names.join(', ')}.`)}`);
  const { values, positionals } = parse(name, rest);
  const json = values.json === true;
  if (values.help === true) return { name: 'help', json };
  if (name === 'init') return parseInit(values, positionals);
  if (name === 'parked') return parseParked(values, positionals);
  const subject = only(name, positionals);
  const value = (option: string) => (typeof values[option] === 'string' ? values[option] : null);
  switch (name) {
    case 'doctor':
    case 'plan':
    case 'start':
      return { name, file: subject, json };
    case 'status':
      return { name, pipeline: subject, watch: values['watch'] === true, json };
    case 'pause':
    case 'resume':
    case 'retry':
      return { name, pipeline: subject, store: value('store'), json };
    case 'rebuild': {
      const store = required(value('store'), '--store', 'the store to build anew');
      const reason = required(value('reason'), '--reason', 'why; it is kept in the history');
      return { name, pipeline: subject, store, reason, definitionFile: value('definition'), json };
    }
    case 'copy':
      return { name, pipeline: subject, order: copyOrder(values), json };
    case 'stop':
      return { name, pipeline: subject, json };
    case 'wait':
      return { name, pipeline: subject, timeoutSeconds: seconds(value('timeout')), json };
  }
}

function parse(name: Name, args: string[]): { values: Record<string, unknown>; positionals: string[] } {
  try {
    return parseArgs({ args, options: { ...always, ...options[name] }, allowPositionals: true, strict: true });
  } catch (error) {
    throw usage(`${name}: ${unknownOption(error, Object.keys({ ...always, ...options[name] })) ?? sentence(error)}`);
  }
}

/** Node's own sentence for it goes on about how to pass what begins with a dash. */
function unknownOption(error: unknown, known: readonly string[]): string | null {
  if ((error as NodeJS.ErrnoException).code !== 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return null;
  const given = /'(-{1,2}[^']*)'/.exec((error as Error).message)?.[1] ?? '';
  const meant = closest(given.replace(/^-+/, ''), known);
  const all = known.map((option) => `--${option}`).join(', ');
  return `there is no option ${given}. ${meant === null ? `It takes ${all}.` : `Did you mean --${meant}?`}`;
}

function sentence(error: unknown): string {
  return `${(error as Error).message.replace(/\.$/, '')}.`;
}

const takesFile: readonly Name[] = ['doctor', 'plan', 'start'];

function only(name: Name, positionals: readonly string[]): string {
  const [subject, ...more] = positionals;
  const what = takesFile.includes(name) ? 'a pipeline file' : 'the name of a pipeline';
  if (subject === undefined) throw usage(`${name} needs ${what}.`);
  if (more.length > 0) throw usage(`${name} takes ${what} and no more; '${more.join(' ')}' is too much.`);
  return subject;
}

function copyOrder({ table, key, pause, resume }: Record<string, unknown>): CopyOrder {
  const keys = Array.isArray(key) ? { keys: copiedKeys(key as string[]) } : {};
  if (typeof table !== 'string' && 'keys' in keys) throw usage('--key needs the --table it is of.');
  const orders: CopyOrder[] = [
    ...(typeof table === 'string' ? [{ table, ...keys }] : []),
    ...(pause === true ? [{ action: 'pause' } as const] : []),
    ...(resume === true ? [{ action: 'resume' } as const] : []),
  ];
  const [order, ...more] = orders;
  if (order === undefined || more.length > 0) throw usage('copy needs one of --table TABLE, --pause and --resume.');
  return order;
}

function copiedKeys(texts: readonly string[]): readonly CopiedKey[] {
  const checked = checkKeys(texts.map(parsedKey));
  if (checked.ok) return checked.value;
  throw usage(`copy: ${checked.why}. A key is JSON, such as --key '{"id":17}'; several are given one by one.`);
}

/** As text it is no key, and refused as such. */
function parsedKey(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function required(value: string | null, option: string, what: string): string {
  if (value === null || value.trim() === '') throw usage(`${option} is missing: ${what}.`);
  return value;
}

function seconds(value: string | null): number {
  if (value === null) return defaultWaitSeconds;
  const number = Number(value);
  if (!(number > 0)) throw usage(`--timeout is a number of seconds above 0, not '${value}'.`);
  return number;
}

function usage(message: string): CommandFailure {
  return new CommandFailure('usage', `${message} Type 'slipstream --help' to see them all.`);
}
