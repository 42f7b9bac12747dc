import { defaultCaptureParts, openCaptureSession } from '../../../capture/session';
import { runProgram } from '../../../worker/program';

/** The table whose first chunk never comes. */
const held = process.env['HELD_TABLE'];

/** The shipped program, in the middle of a copy for as long as it lives. */
void runProgram({
  environment: process.env,
  exit: (code) => process.exit(code),
  deps: (real) => ({
    ...real,
    openCapture: (options) =>
      openCaptureSession(options, {
        ...defaultCaptureParts,
        readChunk(client, request) {
          if (request.table.name !== held) return defaultCaptureParts.readChunk(client, request);
          // A line of its log, like its others.
          process.stdout.write(`${JSON.stringify({ level: 'info', message: 'the copy is held' })}\n`);
          return new Promise(() => undefined);
        },
      }),
  }),
});
