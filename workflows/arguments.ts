import { checkKeys } from './copied-keys';
import type { CopyOrder, ParkedMessage, RebuildOrder, Target } from './messages';

/**
 * Messages come from people and scripts, as any JSON. Checked by hand: zod does not belong into a workflow bundle. What
 * is wrong is said in one sentence with an example of what is right.
 */
export type Checked<Value> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly why: string };

/** `undefined`, `null`, `{}` or `{"store": "<name>"}`. The name is checked by who knows the names. */
export function checkTarget(message: string, input: unknown): Checked<Target> {
  const example = `Send nothing, or {"store":"search"}.`;
  if (input === undefined || input === null) return { ok: true, value: {} };
  if (!isRecord(input)) return wrong(message, 'the input is not an object', example);
  const unknown = unknownFields(input, ['store']);
  if (unknown !== null) return wrong(message, unknown, example);
  if (input.store === undefined) return { ok: true, value: {} };
  if (typeof input.store !== 'string') return wrong(message, "'store' is not a name", example);
  return { ok: true, value: { store: input.store } };
}

export function checkRebuild(input: unknown, options: { readonly storeNeeded: boolean }): Checked<RebuildOrder> {
  const example = `Send {${options.storeNeeded ? '"store":"search",' : ''}"reason":"new mapping"}.`;
  const refuse = (why: string) => wrong('rebuild', why, example);
  if (!isRecord(input)) return refuse('the input is not an object');
  if (input.gate !== undefined) return refuse("'gate' is not there yet");
  const unknown = unknownFields(input, ['store', 'reason', 'definition', 'from']);
  if (unknown !== null) return refuse(unknown);
  const { store, reason, definition, from } = input;
  if (store !== undefined && typeof store !== 'string') return refuse("'store' is not a name");
  if (store === undefined && options.storeNeeded) return refuse("'store' is missing");
  if (typeof reason !== 'string' || reason.trim() === '') return refuse("'reason' is missing: say why");
  if (reason.length > 200) return refuse("'reason' is longer than 200 characters");
  if (definition !== undefined && !isRecord(definition)) return refuse("'definition' is not an object");
  if (from !== undefined && from !== 'log') return refuse('\'from\' can only be "log" for now');
  return {
    ok: true,
    value: { reason, ...(store === undefined ? {} : { store }), ...(definition === undefined ? {} : { definition }) },
  };
}

export function checkCopy(input: unknown): Checked<CopyOrder> {
  const refuse = (why: string) =>
    wrong(
      'copy',
      why,
      'Send {"table":"public.orders"}, with "keys":[{"id":17}] for single rows, {"action":"pause"} or {"action":"resume"}.',
    );
  if (!isRecord(input)) return refuse('the input is not an object');
  const unknown = unknownFields(input, ['table', 'keys', 'action']);
  if (unknown !== null) return refuse(unknown);
  const { table, keys, action } = input;
  if ((table === undefined) === (action === undefined)) return refuse("give either 'table' or 'action'");
  if (keys !== undefined && table === undefined) return refuse("'keys' are of a 'table'");
  if (table !== undefined) {
    if (typeof table !== 'string') return refuse("'table' is not a name");
    if (keys === undefined) return { ok: true, value: { table } };
    const checked = checkKeys(keys);
    return checked.ok ? { ok: true, value: { table, keys: checked.value } } : refuse(checked.why);
  }
  return action === 'pause' || action === 'resume'
    ? { ok: true, value: { action } }
    : refuse('\'action\' can only be "pause" or "resume"');
}

const keyId = /^[0-9a-f]{12}$/;

export function checkParked(input: unknown, options: { readonly storeNeeded: boolean }): Checked<ParkedMessage> {
  const store = options.storeNeeded ? '"store":"search",' : '';
  const refuse = (why: string) =>
    wrong(
      'parked',
      why,
      `Send {${store}"action":"retry"} or {${store}"action":"skip","key":"0c5f6b2a91de","offset":"42"}.`,
    );
  if (!isRecord(input)) return refuse('the input is not an object');
  const unknown = unknownFields(input, ['store', 'action', 'key', 'offset']);
  if (unknown !== null) return refuse(unknown);
  const { store: name, action, key, offset } = input;
  if (name !== undefined && typeof name !== 'string') return refuse("'store' is not a name");
  if (name === undefined && options.storeNeeded) return refuse("'store' is missing");
  const to = name === undefined ? {} : { store: name };
  if (action === 'accept') {
    const bare = key === undefined && offset === undefined;
    return bare ? { ok: true, value: { ...to, action } } : refuse("'accept' takes neither 'key' nor 'offset'");
  }
  if (action !== 'retry' && action !== 'skip') return refuse('\'action\' can only be "retry", "skip" or "accept"');
  if (key !== undefined && (typeof key !== 'string' || !keyId.test(key)))
    return refuse("'key' is not the id of a key, twelve characters of `slipstream parked list`");
  if (action === 'retry') {
    if (offset !== undefined) return refuse("'retry' takes no 'offset': the records of a row go in order");
    return { ok: true, value: { ...to, action, ...(key === undefined ? {} : { key }) } };
  }
  if (key === undefined) return refuse("'key' is missing: say what to skip");
  if (typeof offset !== 'string' || !/^(\d{1,20}|all)$/.test(offset))
    return refuse("'offset' is missing: one of the key's records, in digits, or \"all\"");
  return { ok: true, value: { ...to, action, key, offset } };
}

/** Only what is captured can be copied. */
export function checkCopied({ table }: CopyOrder, captured: readonly string[]): string | null {
  if (table === undefined || captured.includes(table)) return null;
  return `copy: '${table}' is not captured. Captured are ${captured.join(', ')}.`;
}

/** A message for one part must not name another. */
export function checkOwn(message: string, store: string | undefined, own: string): string | null {
  if (store === undefined || store === own) return null;
  return `${message}: this is '${own}', not '${store}'. Send it to the workflow of '${store}', or without "store".`;
}

function wrong(message: string, why: string, example: string): { readonly ok: false; readonly why: string } {
  return { ok: false, why: `${message}: ${why}. ${example}` };
}

function isRecord(input: unknown): input is Record<string, unknown> {
  return typeof input === 'object' && input !== null && !Array.isArray(input);
}

function unknownFields(input: Record<string, unknown>, known: readonly string[]): string | null {
  const unknown = Object.keys(input).filter((name) => !known.includes(name));
  return unknown.length === 0 ? null : `unknown field ${unknown.map((name) => `'${name}'`).join(', ')}`;
}
