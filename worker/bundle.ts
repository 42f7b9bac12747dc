import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleWorkflowCode, type WorkflowBundleOption } from '@temporalio/worker';

/** Made by `npm run build`, so that a worker which takes over need not bundle first (about 5 s on 2 cores). */
const bundlePath = join(__dirname, '..', 'workflow-bundle.js');

/** The workflows as one script for Temporal's sandbox: the built one, or bundled now when run from sources. */
export async function workflowBundle(): Promise<WorkflowBundleOption> {
  return existsSync(bundlePath) ? { codePath: bundlePath } : bundle();
}

function bundle(): Promise<{ code: string }> {
  const quiet = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore, log: ignore };
  return bundleWorkflowCode({ workflowsPath: require.resolve('../workflows/index'), logger: quiet });
}

function ignore(): void {
  // The bundler reports each step; a failure is thrown.
}

if (require.main === module) {
  void bundle().then(({ code }) => writeFile(bundlePath, code));
}
