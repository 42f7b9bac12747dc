import { CommandFailure, exitCodes, outcomeOf } from '../../client/outcome';

/** Throws CommandFailure usage with the line that has it. */
export function variable(name: string): string {
  const value = process.env[name];
  if (value) return value;
  throw new CommandFailure('usage', `${name} is not set. npm start prints a line to paste that sets it.`);
}

/** Runs one of the shop's small programs: what goes wrong is a sentence and an exit code, as for `slipstream`. */
export function runShopCommand(run: () => Promise<void>): void {
  run().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = exitCodes[outcomeOf(error)];
  });
}
