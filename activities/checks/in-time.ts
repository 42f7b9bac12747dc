import { finding, type Finding } from '../../model/finding';
import type { FindingCode } from '../../model/finding-codes';
import { InvalidConfig, Unavailable } from '../../model/errors';

/**
 * What `look` finds, or the one finding that it did not end: a part that hangs, or fails in a way nobody foresaw, must
 * not keep the others from being told. The look is told to end by its signal, and is not waited for any longer.
 */
export async function inTime<Report>(
  options: {
    readonly ms: number;
    readonly where: string;
    readonly code: FindingCode;
    readonly otherwise: (finding: Finding) => Report;
  },
  look: (signal: AbortSignal) => Promise<Report>,
): Promise<Report> {
  const { ms, where, code, otherwise } = options;
  const ending = new AbortController();
  const unanswered = (what: string) =>
    otherwise(finding(code, { where, what, cure: 'See whether it is overloaded, or stopped; then check again.' }));
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Report>((resolve) => {
    timer = setTimeout(() => {
      resolve(unanswered(`no answer within ${ms / 1_000} s.`));
      ending.abort();
    }, ms);
  });
  try {
    return await Promise.race([look(ending.signal), late]);
  } catch (error) {
    return unanswered(describe(error));
  } finally {
    clearTimeout(timer);
  }
}

/** Messages that are not ours may quote a row or a connection string. */
function describe(error: unknown): string {
  if (error instanceof InvalidConfig || error instanceof Unavailable) return error.message;
  if (!(error instanceof Error)) return 'the check failed.';
  const code = 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : '';
  return `the check failed with an unexpected ${error.name}${code}.`;
}
