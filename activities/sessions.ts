/**
 * Warm sessions of one worker: a replication stream, a lane's consumer. A slice takes its session out and gives it back
 * when it ends well; after an error the slice closes it instead. A session nobody takes for `idleMs` closes itself, so
 * that a lane which moved to another worker leaves nothing behind.
 */
export class Sessions<Session extends { close(): Promise<void> }> {
  private readonly idle = new Map<string, { session: Session; timer: NodeJS.Timeout }>();
  private closed = false;

  constructor(
    private readonly idleMs: number,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** The warm session of this key, or one newly opened. */
  async take(key: string, open: () => Promise<Session>): Promise<Session> {
    const entry = this.idle.get(key);
    if (!entry) return open();
    clearTimeout(entry.timer);
    this.idle.delete(key);
    return entry.session;
  }

  /** Keeps a healthy session for the next slice. A second one under the same key is closed: an attempt that overlapped. */
  async giveBack(key: string, session: Session): Promise<void> {
    if (this.closed || this.idle.has(key)) return this.discard(session);
    const timer = setTimeout(() => {
      this.idle.delete(key);
      void this.discard(session);
    }, this.idleMs);
    // What is idle must not keep an ending process alive.
    timer.unref();
    this.idle.set(key, { session, timer });
  }

  /** Closes a session whose slice failed. Its errors are logged: the slice's own error is the one to throw. */
  async discard(session: Session): Promise<void> {
    try {
      await session.close();
    } catch (error) {
      this.onError(error);
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    const entries = [...this.idle.values()];
    this.idle.clear();
    await Promise.all(
      entries.map(({ session, timer }) => {
        clearTimeout(timer);
        return this.discard(session);
      }),
    );
  }
}
