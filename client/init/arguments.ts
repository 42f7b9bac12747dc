import type { StoreDefinition } from '../../model/pipeline';
import { storeTypes } from '../../model/pipeline-file';
import { CommandFailure } from '../outcome';

/** A store to write into the first file. */
export interface StoreWish {
  readonly name: string;
  readonly type: StoreDefinition['type'];
  /** The variable with its URL. */
  readonly urlEnv: string;
}

export interface InitCommand {
  readonly name: 'init';
  /** The variable with the source's URL. */
  readonly urlEnv: string;
  /** The pipeline's name; null: after the database. */
  readonly pipeline: string | null;
  readonly stores: readonly StoreWish[];
  /** Patterns; empty: every table. */
  readonly tables: readonly string[];
  /** Path of the file to write; `-`: standard output. */
  readonly out: string;
  readonly force: boolean;
  readonly json: boolean;
}

const text = { type: 'string' } as const;
const several = { type: 'string', multiple: true } as const;

/** For `parseArgs`. */
export const initOptions = {
  'url-env': text,
  name: text,
  store: several,
  tables: several,
  out: text,
  force: { type: 'boolean' },
} as const;

/** A replica needs nothing but a second database, so that is the store a first file has when none is asked for. */
const defaultStore: StoreWish = { name: 'replica', type: 'postgres', urlEnv: 'REPLICA_URL' };

/** Pure. Throws `CommandFailure` usage; what was typed is not repeated where it may hold a password. */
export function parseInit(values: Readonly<Record<string, unknown>>, positionals: readonly string[]): InitCommand {
  const one = (option: string) => (typeof values[option] === 'string' ? values[option] : null);
  const many = (option: string) => (Array.isArray(values[option]) ? values[option].map(String) : []);
  for (const typed of [...positionals, ...['url-env', 'name', 'out'].map(one), ...many('store'), ...many('tables')]) {
    if (typed?.includes('://') === true) throw secretTyped();
  }
  if (positionals.length > 0) {
    throw usage(`init takes options only; '${positionals.join(' ')}' is too much. The pipeline's name is --name.`);
  }
  const stores = many('store').map(parseStore);
  const twice = stores.find(({ name }, index) => stores.findIndex((other) => other.name === name) !== index);
  if (twice) throw usage(`--store names '${twice.name}' twice.`);
  return {
    name: 'init',
    urlEnv: variable(one('url-env') ?? 'DATABASE_URL', '--url-env'),
    pipeline: one('name'),
    stores: stores.length === 0 ? [defaultStore] : stores,
    tables: many('tables').flatMap(splitPatterns),
    out: one('out') ?? 'pipeline.json',
    force: values['force'] === true,
    json: values['json'] === true,
  };
}

function parseStore(wish: string): StoreWish {
  const match = /^([^=:]+)=([^=:]+):(.+)$/.exec(wish);
  const [, name = '', type = '', urlEnv = ''] = match ?? [];
  if (!match) throw usage(`--store is NAME=TYPE:VARIABLE, such as search=elasticsearch:SEARCH_URL; '${wish}' is not.`);
  if (!isType(type)) throw usage(`--store ${name}: '${type}' is no kind of store. Write ${storeTypes.join(', ')}.`);
  return { name, type, urlEnv: variable(urlEnv, `--store ${name}`) };
}

function isType(type: string): type is StoreDefinition['type'] {
  return storeTypes.some((each) => each === type);
}

function variable(name: string, option: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return name;
  // Not repeated: it may be a password that was meant for the variable.
  throw usage(`${option} takes the name of an environment variable, such as SHOP_DATABASE_URL, and not its value.`);
}

/** Commas outside double quotes separate patterns. */
function splitPatterns(list: string): string[] {
  return (list.match(/(?:"(?:[^"]|"")*"|[^",])+/g) ?? [])
    .map((pattern) => pattern.trim())
    .filter((each) => each !== '');
}

function secretTyped(): CommandFailure {
  return usage(
    "A URL on the command line stays in the shell's history, with its password. Put it into a variable and name that:\n" +
      '  read -rs SHOP_DATABASE_URL && export SHOP_DATABASE_URL\n' +
      '  slipstream init --url-env SHOP_DATABASE_URL\n' +
      'The line just typed is in the history already; remove it there.',
  );
}

function usage(message: string): CommandFailure {
  return new CommandFailure('usage', message);
}
