import type { Deps } from '../../../activities/deps';
import { runProgram } from '../../../worker/program';

/** What is wrong with the worker that this program runs: named in ILLNESS. */
type Illness = 'a store that never answers' | 'an error nobody catches' | 'a rejection nobody handles';

const illness = process.env['ILLNESS'] as Illness;

/** The shipped program over a world with one thing wrong. */
void runProgram({ environment: process.env, exit: (code) => process.exit(code), deps: ill });

function ill(real: Deps): Deps {
  return {
    ...real,
    openStore(context) {
      const store = real.openStore(context);
      return Object.assign(Object.create(store) as typeof store, {
        apply: () => {
          switch (illness) {
            case 'a store that never answers':
              // Not even to being told to stop.
              return new Promise(() => undefined);
            case 'an error nobody catches':
              setImmediate(() => {
                throw new Error('thrown where nobody catches it');
              });
              return new Promise(() => undefined);
            case 'a rejection nobody handles':
              void Promise.reject(new Error('rejected where nobody handles it'));
              return new Promise(() => undefined);
          }
        },
      });
    },
  };
}
