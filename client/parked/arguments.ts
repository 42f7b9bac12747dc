import type { ParkedMessage } from '../../workflows/messages';
import { CommandFailure } from '../outcome';

export type ParkedCommand = {
  readonly name: 'parked';
  readonly pipeline: string;
  readonly store: string;
  readonly json: boolean;
} & (
  | { readonly action: 'list' }
  | { readonly action: 'show'; readonly key: string }
  | { readonly action: 'retry' | 'skip' | 'accept'; readonly message: ParkedMessage & { readonly store: string } }
);

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;

/** For `parseArgs`. */
export const parkedOptions = { key: text, offset: text, all: flag } as const;

const actions = ['list', 'show', 'retry', 'skip', 'accept'] as const;

/** `parked <action> <pipeline> <store>`. Throws `CommandFailure` usage. */
export function parseParked(values: Record<string, unknown>, positionals: readonly string[]): ParkedCommand {
  const [first, pipeline, store, ...more] = positionals;
  const action = actions.find((candidate) => candidate === first);
  if (action === undefined)
    throw usage(`parked needs one of ${actions.join(', ')} first, then a pipeline and a store.`);
  if (pipeline === undefined || store === undefined) throw usage(`parked ${action} needs a pipeline and a store.`);
  if (more.length > 0) throw usage(`parked ${action} takes a pipeline and a store; '${more.join(' ')}' is too much.`);
  const key = typeof values['key'] === 'string' ? values['key'] : null;
  const offset = typeof values['offset'] === 'string' ? values['offset'] : null;
  const all = values['all'] === true;
  const common = { name: 'parked', pipeline, store, json: values['json'] === true } as const;
  switch (action) {
    case 'list':
      return { ...common, action };
    case 'show':
      return { ...common, action, key: needed(key, 'parked show needs --key KEY.') };
    case 'accept':
      return { ...common, action, message: { store, action } };
    case 'retry':
      if ((key === null) === !all) throw usage('parked retry needs one of --key KEY and --all.');
      return { ...common, action, message: { store, action, ...(key === null ? {} : { key }) } };
    case 'skip': {
      const of = needed(key, 'parked skip needs --key KEY.');
      if ((offset === null) === !all) throw usage('parked skip needs one of --offset OFFSET and --all, of that key.');
      return { ...common, action, message: { store, action, key: of, offset: offset ?? 'all' } };
    }
  }
}

function needed(value: string | null, why: string): string {
  if (value === null) throw usage(why);
  return value;
}

function usage(message: string): CommandFailure {
  return new CommandFailure('usage', `${message} Keys are shown by: slipstream parked list PIPELINE STORE`);
}
