import type { Worker as Thread } from 'node:worker_threads';
import type { Deps } from '../../../activities/deps';
import { Unavailable } from '../../../model/errors';
import { runProgram } from '../../../worker/program';

/** What is wrong with the worker that this program runs: named in ILLNESS. */
type Illness =
  'a store that never answers' | 'an error nobody catches' | 'a rejection nobody handles' | 'a dead workflow thread';

/** A line of its log, like its others: the store has been handed a batch, and the illness takes its course. */
const handed = 'the store has been handed a batch';

const illness = process.env['ILLNESS'] as Illness;

/** Those of Temporal's SDK, in which workflows run. Node ends one when its async hooks are corrupted, for example. */
const threads: Thread[] = [];
process.on('worker', (thread) => threads.push(thread));

/** The shipped program over a world with one thing wrong. */
void runProgram({ environment: process.env, exit: (code) => process.exit(code), deps: ill });

function ill(real: Deps): Deps {
  return {
    ...real,
    openStore(context) {
      const store = real.openStore(context);
      return Object.assign(Object.create(store) as typeof store, {
        apply: () => {
          process.stdout.write(`${JSON.stringify({ level: 'info', message: handed })}\n`);
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
            case 'a dead workflow thread':
              for (const thread of threads.splice(0)) void thread.terminate();
              return Promise.reject(new Unavailable('the lane asks its workflow what to do next'));
          }
        },
      });
    },
  };
}
