import { openDatabase } from './database';

/**
 * Makes commits of the whole server wait for a standby that does not exist, again and again for a moment: they are
 * decodable, so capture streams them, and not yet visible, so a copy's read misses them. On a quiet machine that window
 * is micro-seconds; here it is wide enough to be met in every run.
 */
export function holdCommits(
  serverUrl: string,
  { heldMs, freeMs }: { heldMs: number; freeMs: number },
): { stop(): Promise<void> } {
  const server = openDatabase(serverUrl);
  let stopped = false;
  const set = async (names: string) => {
    await server.query(`alter system set synchronous_standby_names = '${names}'`);
    await server.query('select pg_reload_conf()');
  };
  const running = (async () => {
    while (!stopped) {
      await set('nobody');
      await pause(heldMs);
      await set('');
      await pause(freeMs);
    }
  })();
  return {
    async stop() {
      stopped = true;
      await running;
      await server.close();
    },
  };
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
