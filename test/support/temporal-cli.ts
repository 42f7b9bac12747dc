import { execFile } from 'node:child_process';
import { attachedStack } from './project';
import type { Scenario } from './scenario';

/** The Temporal CLI, as an operator types it. Resolves to what it prints; rejects with what it says on failure. */
export function temporalCli(scenario: Scenario, args: readonly string[]): Promise<string> {
  const binary = process.env['SLIPSTREAM_TEMPORAL_BIN'] ?? attachedStack().addresses.temporalBinary;
  const { temporalAddress } = scenario;
  return new Promise((resolve, reject) => {
    execFile(
      binary,
      [...args, '--address', temporalAddress, '--namespace', scenario.namespace],
      { timeout: 180_000, env: { ...process.env, HOME: scenario.folder } },
      (error, stdout, stderr) => {
        if (error) reject(new Error(`temporal ${args.join(' ')}: ${error.message}\n${stderr}`));
        else resolve(stdout);
      },
    );
  });
}
