import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The project's folder, whether this file runs compiled (`dist/examples/shop`) or as it is. */
export const projectFolder = find(__dirname);

function find(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  const parent = dirname(folder);
  if (parent === folder)
    throw new Error('No package.json above examples/shop: run this from a checkout of Slipstream.');
  return find(parent);
}
