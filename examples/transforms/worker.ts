import { runProgram } from '../../worker/program';
import { describeProduct } from './describe-product';

/**
 * A worker entry of one's own: the same program as `npm run worker`, with functions that pipelines may name. Every worker
 * of a task queue should be given the same ones.
 */
void runProgram({
  environment: process.env,
  exit: (code) => process.exit(code),
  transforms: { describeProduct },
});
