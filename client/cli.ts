#!/usr/bin/env node
import { parseSettings } from '../model/settings';
import { parseCommand } from './arguments';
import { runCommand } from './commands';
import { connect } from './connection';
import { createOperations } from './operations';
import { exitCodes, outcomeOf } from './outcome';

/** Runs one command line. Returns the exit code; see `client/help.ts` for what each means. */
async function main(argv: readonly string[]): Promise<number> {
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort());
  let close = async (): Promise<void> => {};
  try {
    const outcome = await runCommand(parseCommand(argv), {
      output: process.stdout,
      diagnostics: process.stderr,
      environment: process.env,
      signal: ending.signal,
      operations: async () => {
        const settings = parseSettings(process.env);
        const client = await connect(settings);
        close = () => client.connection.close();
        return createOperations(client, settings.taskQueue);
      },
    });
    return exitCodes[outcome];
  } catch (error) {
    // Ctrl-C is how people leave a watch or a wait; it is not a failure of ours, and nothing is printed about it.
    if (ending.signal.aborted) return 130;
    const outcome = outcomeOf(error);
    const message = error instanceof Error ? error.message : String(error);
    if (argv.includes('--json')) {
      process.stdout.write(`${JSON.stringify({ error: outcome, exitCode: exitCodes[outcome], message })}\n`);
    } else process.stderr.write(`${message}\n`);
    return exitCodes[outcome];
  } finally {
    await close();
  }
}

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
  // All is said. What was given up on meanwhile, a broker that does not answer for one, must not keep the terminal for its retries.
  process.stdout.write('', () => process.stderr.write('', () => process.exit()));
});
