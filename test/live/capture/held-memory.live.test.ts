import { openReplication, type Replication } from '../../../capture/replication';
import { waitFor } from '../../support/wait';
import { closeSources, createSource } from './source';

jest.setTimeout(300_000);
afterEach(closeSources);

const MiB = 1024 * 1024;
/** One transaction of so many rows of 1 kB: far more than the bound. */
const rows = Number(process.env['SLIPSTREAM_TEST_HELD_ROWS'] ?? 40_000);
/** What capture may keep of it while the log takes nothing, whatever its size. */
const boundMebibytes = 24;

interface Watched {
  /** By capture, whether or not anything comes of it. */
  pausedByCapture: boolean;
  /** Of transactions, from the stream: what has come and is not on the log is in memory. */
  receivedBytes: number;
}

/** The same stream; `deaf`: it goes on reading when it is told to pause. */
function watching(watched: Watched, deaf: boolean): (url: string) => Promise<Replication> {
  return async (url) => {
    const real = await openReplication(url);
    return {
      ...real,
      stream: (options) =>
        real.stream({
          ...options,
          handlers: {
            ...options.handlers,
            onMessage(payload) {
              watched.receivedBytes += payload.length;
              options.handlers.onMessage(payload);
            },
          },
        }),
      pause() {
        watched.pausedByCapture = true;
        if (!deaf) real.pause();
      },
      resume() {
        watched.pausedByCapture = false;
        real.resume();
      },
    };
  };
}

/** Begins to forward the transaction while the log takes nothing; `look` is called once capture has asked for a pause. */
async function whileTheLogIsHeld<Seen>(
  deaf: boolean,
  look: (heldMebibytes: () => number) => Promise<Seen>,
): Promise<Seen> {
  const source = await createSource({
    statements: ['create table items (id int primary key, note text)'],
    tables: ['public.items'],
  });
  await source.prepare();
  const watched: Watched = { pausedByCapture: false, receivedBytes: 0 };
  const running = await source.capture({ openReplication: watching(watched, deaf) });
  await source.log.until(() => source.log.last?.copies['public.items']?.done === true, 'the copy of nothing');
  let holding = false;
  let release = () => undefined as void;
  const released = new Promise<void>((resolve) => (release = resolve));
  source.log.beforeAppend = async (records) => {
    if (records.length === 0) return;
    holding = true;
    await released;
  };
  watched.receivedBytes = 0;
  let seen: Seen;
  try {
    await source.sql.query(`insert into items select n, repeat(md5(n::text), 32) from generate_series(1, ${rows}) n`);
    await waitFor({
      what: 'capture to ask for a pause',
      seconds: 60,
      look: () => Promise.resolve(holding && watched.pausedByCapture),
      until: (asked) => asked,
    });
    seen = await look(() => watched.receivedBytes / MiB);
  } finally {
    release();
  }
  await source.log.until(() => source.log.changes.length === rows, 'all rows');
  await running.stop();
  return seen;
}

it(`of a transaction of ${rows} kB a log that takes nothing leaves less than ${boundMebibytes} MiB in memory`, async () => {
  // The socket is paused, and nobody wakes it before the append ends: there is nothing more to come.
  const held = await whileTheLogIsHeld(false, async (heldMebibytes) => heldMebibytes());
  expect(held).toBeLessThan(boundMebibytes);
});

it('control: with a socket that goes on all the same, it is more', async () => {
  const held = await whileTheLogIsHeld(true, (heldMebibytes) =>
    waitFor({
      what: 'more than the bound to be held',
      seconds: 60,
      look: () => Promise.resolve(heldMebibytes()),
      until: (mebibytes) => mebibytes > boundMebibytes,
    }),
  );
  expect(held).toBeGreaterThan(boundMebibytes);
});
