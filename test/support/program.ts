/** A wrong argument: the program says its usage and exits with 2. */
export class UsageError extends Error {}

export function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,12}$/.test(text)) throw new UsageError(`--${name} ${text}: expected a whole number.`);
  return Number(text);
}

/** Runs `main`, which answers with the exit code; 2 for what `parseArgs` or a `UsageError` refuses, 1 for all else. */
export function runProgram(main: (args: string[]) => Promise<number>, usage: string): void {
  main(process.argv.slice(2)).then(
    (code) => {
      process.exitCode = code;
    },
    (error: unknown) => {
      const isUsage = error instanceof UsageError || (error instanceof TypeError && 'code' in error);
      process.stderr.write(`${isUsage ? `${error.message}\n\n${usage}` : String(error)}\n`);
      process.exitCode = isUsage ? 2 : 1;
    },
  );
}
