import { runProgram } from '../../../worker/program';

/** A worker with one transform, in the version that its environment says: what a roll-out of a changed function is. */
const version = process.env['MAPPING_TEST_VERSION'] ?? '1';

void runProgram({
  environment: process.env,
  exit: (code) => process.exit(code),
  transforms: {
    describeFirm: {
      version,
      map({ name, founded }) {
        if (founded === null) return null;
        return { label: `${String(name)} v${version}`, words: String(name).split(' ') };
      },
    },
  },
});
