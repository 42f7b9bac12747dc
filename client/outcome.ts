/** How a command ended. Pinned: scripts match on these numbers. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  invalidConfig: 3,
  notFound: 4,
  unreachable: 5,
  timeout: 6,
  alreadyRuns: 7,
} as const;

export type Outcome = keyof typeof exitCodes;

/** A command that could not do what it was asked. The message is for people: what happened and what to type next. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  constructor(
    readonly outcome: Exclude<Outcome, 'ok'>,
    message: string,
  ) {
    super(message);
  }
}

const outcomes: Readonly<Record<string, Outcome>> = { InvalidConfig: 'invalidConfig', Unavailable: 'unreachable' };

/** What an error means for the caller; one we do not know is `failed`. */
export function outcomeOf(error: unknown): Exclude<Outcome, 'ok'> {
  if (error instanceof CommandFailure) return error.outcome;
  const known = error instanceof Error ? outcomes[error.name] : undefined;
  return known === undefined || known === 'ok' ? 'failed' : known;
}
