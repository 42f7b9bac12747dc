import { Sessions } from '../../../activities/sessions';

const session = () => ({
  closed: 0,
  async close() {
    this.closed += 1;
  },
});

describe('warm sessions', () => {
  test('a session given back is the one taken next', async () => {
    const sessions = new Sessions<ReturnType<typeof session>>(60_000, () => undefined);
    const first = await sessions.take('a', async () => session());
    await sessions.giveBack('a', first);
    expect(await sessions.take('a', async () => session())).toBe(first);
    expect(await sessions.take('a', async () => session())).not.toBe(first);
    await sessions.close();
  });

  test('a second one under the same key is closed, and closing the worker closes what is idle', async () => {
    const sessions = new Sessions<ReturnType<typeof session>>(60_000, () => undefined);
    const [one, two, late] = [session(), session(), session()];
    await sessions.giveBack('a', one);
    await sessions.giveBack('a', two);
    expect([one.closed, two.closed]).toEqual([0, 1]);
    await sessions.close();
    await sessions.giveBack('b', late);
    expect([one.closed, late.closed]).toEqual([1, 1]);
  });

  test('a session nobody claims closes itself', async () => {
    const sessions = new Sessions<{ close(): Promise<void> }>(1, () => undefined);
    await new Promise<void>((resolve) => {
      void sessions.giveBack('a', { close: async () => resolve() });
    });
    let opened = false;
    await sessions.take('a', async () => {
      opened = true;
      return session();
    });
    expect(opened).toBe(true);
  });

  test('an error while closing is reported, not thrown', async () => {
    const errors: unknown[] = [];
    const sessions = new Sessions<{ close(): Promise<void> }>(60_000, (error) => errors.push(error));
    await sessions.discard({ close: () => Promise.reject(new Error('socket')) });
    expect(errors).toHaveLength(1);
  });
});
