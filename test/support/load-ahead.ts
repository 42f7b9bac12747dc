import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { projectFolder } from './project';

/**
 * For files with `it.concurrent`, each of them: Jest refuses to load anything in the moment between the end of one test and
 * the beginning of the next, in which others are under way. kafkajs loads what a request is written with when it is first
 * sent, and our own tests the stack when they first ask for it.
 */
const load = createRequire(__filename);
load(join(projectFolder, 'stack'));
const requests = dirname(load.resolve('kafkajs/src/protocol/requests'));
for (const file of readdirSync(requests, { recursive: true, encoding: 'utf8' })) {
  if (/[\\/]v\d+[\\/](request|response)\.js$/.test(file)) load(join(requests, file));
}
