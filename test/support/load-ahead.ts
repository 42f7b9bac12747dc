import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * For files with `it.concurrent`. kafkajs loads what a request is written with when it is first sent, and Jest refuses to
 * load anything in the moment between the end of one test and the beginning of the next, in which others are under way.
 */
const load = createRequire(__filename);
const requests = dirname(load.resolve('kafkajs/src/protocol/requests'));
for (const file of readdirSync(requests, { recursive: true, encoding: 'utf8' })) {
  if (/[\\/]v\d+[\\/](request|response)\.js$/.test(file)) load(join(requests, file));
}
