import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { CommandFailure } from '../../client/outcome';
import { projectFolder } from './project-folder';

const run = promisify(execFile);

export const pipelineFile = 'examples/shop/pipeline.json';

/** The documented way to start a pipeline, word for word; run from the project's folder. */
export const startArguments = [
  'workflow',
  'start',
  '--type',
  'sync',
  '--task-queue',
  'slipstream',
  '--workflow-id',
  'sync/shop',
  '--input-file',
  pipelineFile,
] as const;

/** Starts `sync/shop` by the Temporal CLI, from another file where one is named. Throws CommandFailure with what the CLI said. */
export async function startByCli(temporalBinary: string, address: string, file: string = pipelineFile): Promise<void> {
  const options = { cwd: projectFolder, timeout: 30_000 };
  try {
    const words = startArguments.map((word) => (word === pipelineFile ? file : word));
    await run(temporalBinary, [...words, '--address', address], options);
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim();
    throw new CommandFailure('failed', `The Temporal CLI did not start sync/shop: ${said || String(error)}`);
  }
}
