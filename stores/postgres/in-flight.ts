/**
 * Statements of one connection that were sent and not answered yet. The server carries them out one after the other whether
 * they are waited for or not: sent ahead, the next one lies there when it is done with one, and it never waits for us.
 */
export class InFlight {
  private readonly answers: Promise<unknown>[] = [];

  /** Call it in the order of sending. */
  add(answer: Promise<unknown>): void {
    this.answers.push(answer);
    answer.catch(() => undefined); // told by `settle`
  }

  /**
   * Resolves when at most `left` are unanswered. Rejects with the first error, in the order of sending, when none is any
   * more: what comes behind it fails for its sake, and whoever goes on must not meet one that is still under way.
   */
  async settle(left = 0): Promise<void> {
    while (this.answers.length > left) {
      try {
        await this.answers[0];
      } catch (error) {
        await Promise.allSettled(this.answers.splice(0));
        throw error;
      }
      void this.answers.shift();
    }
  }
}
