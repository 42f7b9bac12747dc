import type { Answer, Ask } from './client';

/** Some item found no write alias: whoever called looks who has the lane. */
export const laneLost = Symbol('lane lost');

/** One bulk through a write alias and nothing else: with `require_alias` a missing one is refused, never created. */
export function sendBulk(
  ask: Ask,
  input: { readonly alias: string; readonly lines: string; readonly signal?: AbortSignal },
): Promise<Answer> {
  const { alias, lines, signal } = input;
  return ask({ method: 'POST', path: [alias, '_bulk'], query: { require_alias: true }, lines }, signal);
}
