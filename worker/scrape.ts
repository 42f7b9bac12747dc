/** The loopback exporter answers in milliseconds, or its runtime has ended. */
const patienceMs = 1_000;

/** Our metrics with those of Temporal's runtime behind them. Without those, when they do not answer: ours matter more. */
export async function scrape(ours: () => Promise<string>, temporalUrl: string | null): Promise<string> {
  const [own, temporals] = await Promise.all([ours(), temporalUrl === null ? '' : fetchText(temporalUrl)]);
  return `${own.trimEnd()}\n${temporals}`;
}

async function fetchText(url: string): Promise<string> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(patienceMs) });
    return answer.ok ? await answer.text() : '';
  } catch {
    return '';
  }
}
