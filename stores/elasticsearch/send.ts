import type { Answer, Ask } from './client';

/** Some item found no write alias: whoever called looks who has the lane. */
export const laneLost = Symbol('lane lost');

/** What is read of an answer. An item in full is 250 bytes, which one side writes and the other parses for nothing. */
const answered = ['error', 'items.*.status', 'items.*.error'];
/** Of a lane's record also what its next write is conditional on. */
const sequenced = [...answered, 'items.*._seq_no', 'items.*._primary_term'];

/** One bulk through a write alias and nothing else: with `require_alias` a missing one is refused, never created. */
export function sendBulk(
  ask: Ask,
  input: { readonly alias: string; readonly lines: Buffer; readonly sequence?: true; readonly signal?: AbortSignal },
): Promise<Answer> {
  const { alias, lines, sequence = false, signal } = input;
  const query = { require_alias: true, filter_path: (sequence ? sequenced : answered).join(',') };
  return ask({ method: 'POST', path: [alias, '_bulk'], query, lines }, signal);
}
