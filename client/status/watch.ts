import { setTimeout as pause } from 'node:timers/promises';
import type { PipelineStatus } from '../../model/status';
import { outcomeOf } from '../outcome';
import { ratesBetween } from './rates';
import { render, renderLine } from './render';
import { createScreen, type Output } from './screen';

export interface WatchOptions {
  readonly read: () => Promise<PipelineStatus>;
  readonly output: Output;
  readonly colour: boolean;
  /** One line of JSON per look instead of a picture. */
  readonly json: boolean;
  /** Ends the watch. */
  readonly signal: AbortSignal;
}

/** On a terminal every second; as lines of a log every five. */
const intervalMs = { terminal: 1_000, log: 5_000 } as const;
/** Looks kept to take rates from: over fewer, small traffic makes them jump. */
const looks = 5;

/**
 * Shows a pipeline until the signal. An absent worker does not end it: the last picture stays with a note, because
 * that is when people watch. What was never found (`notFound`) is thrown.
 */
export async function watch({ read, output, colour, json, signal }: WatchOptions): Promise<void> {
  const screen = createScreen(output);
  const history: PipelineStatus[] = [];
  const picture = !json && output.isTTY === true;
  while (!signal.aborted) {
    const note = await look(read, history);
    if (signal.aborted) return;
    const status = history.at(-1);
    const now = Date.now();
    if (!status) output.write(`${note ?? ''}\n`);
    else if (json) output.write(`${JSON.stringify({ at: now, note, ...status })}\n`);
    else if (picture) {
      const rates = ratesBetween(history.at(-looks) ?? history[0] ?? null, status);
      screen.draw(render({ status, rates, now, note, colour }));
    } else output.write(`${renderLine({ status, now, note })}\n`);
    await pause(picture ? intervalMs.terminal : intervalMs.log, undefined, { signal }).catch(() => undefined);
  }
}

async function look(read: () => Promise<PipelineStatus>, history: PipelineStatus[]): Promise<string | null> {
  try {
    history.push(await read());
    if (history.length > looks) history.shift();
    return null;
  } catch (error) {
    if (outcomeOf(error) !== 'unreachable') throw error;
    return error instanceof Error ? error.message : String(error);
  }
}
