import type { Checked } from './arguments';
import type { CopiedKey } from './messages';

/** More is a case for the whole table. */
const mostKeys = 100;
/** Orders wait in the workflow's state, and go into its history: of all that wait, as JSON. */
export const mostKeyBytes = 4_096;

/** Which columns a table's key has is known to the source alone; everything else is told here. */
export function checkKeys(keys: unknown): Checked<readonly CopiedKey[]> {
  const refuse = (why: string) => ({ ok: false, why }) as const;
  if (!Array.isArray(keys) || keys.length === 0) return refuse("'keys' is not a list of keys");
  if (keys.length > mostKeys) return refuse(`'keys' are ${keys.length}, and ${mostKeys} at most are taken at once`);
  const why = keys.map(wrongKey).find((found) => found !== null);
  if (why !== undefined) return refuse(why);
  const bytes = JSON.stringify(keys).length;
  if (bytes > mostKeyBytes)
    return refuse(`'keys' are ${bytes} characters, and ${mostKeyBytes} at most are taken at once`);
  return { ok: true, value: keys as readonly CopiedKey[] };
}

function wrongKey(key: unknown, at: number): string | null {
  const which = `key ${at + 1}`;
  if (typeof key !== 'object' || key === null || Array.isArray(key))
    return `${which} is not an object, as {"id":17} is`;
  const values = Object.values(key) as unknown[];
  if (values.length === 0) return `${which} names no column`;
  if (values.some((value) => !['string', 'number', 'boolean'].includes(typeof value)))
    return `${which} has a value that is no text, number or boolean`;
  return values.some((value) => typeof value === 'number' && !isExact(value))
    ? `${which} has a number that JSON cannot keep exactly: send it as text`
    : null;
}

function isExact(value: number): boolean {
  return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
}
