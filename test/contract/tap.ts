import { Unavailable } from '../../model/errors';

/**
 * Stands around every request of a store that carries a lane's data or offsets: may hold it, or lose it or its answer.
 * An adapter passes each such request through, and treats `ConnectionCut` as the loss of its connection.
 */
export type Tap = <Answer>(send: () => Promise<Answer>) => Promise<Answer>;

/** What a driver says when a connection is gone: nobody knows what the server did. */
export class ConnectionCut extends Unavailable {}

export const openTap: Tap = (send) => send();

export interface Cut {
  /** The request, counted from 1 since `arm`. */
  readonly at: number;
  /** Before it reaches the server, or after the server has done it: then only the answer is lost. */
  readonly when: 'before' | 'after';
}

export interface Hold {
  /** Resolves when the request is there, and is kept from the server; rejects never. */
  readonly reached: Promise<void>;
  readonly letGo: () => void;
}

/** A tap that a test works: one cut or one hold at a time. */
export interface TestTap {
  readonly tap: Tap;
  /** Requests since the last `cut` or `hold`. */
  readonly seen: () => number;
  readonly cut: (cut: Cut | null) => void;
  /** Holds the request `at`, counted from 1, until it is let go. */
  readonly hold: (at: number) => Hold;
}

export function createTap(): TestTap {
  let seen = 0;
  let cut: Cut | null = null;
  let held: { readonly at: number; readonly arrive: () => void; readonly gone: Promise<void> } | null = null;
  return {
    seen: () => seen,
    cut(next) {
      [cut, held, seen] = [next, null, 0];
    },
    hold(at) {
      let arrive = () => {};
      let letGo = () => {};
      const reached = new Promise<void>((resolve) => (arrive = resolve));
      const gone = new Promise<void>((resolve) => (letGo = resolve));
      [cut, held, seen] = [null, { at, arrive, gone }, 0];
      return { reached, letGo };
    },
    async tap(send) {
      seen += 1;
      const [ordered, holding] = [cut?.at === seen ? cut : null, held?.at === seen ? held : null];
      if (holding) {
        holding.arrive();
        await holding.gone;
      }
      if (ordered?.when === 'before') throw new ConnectionCut('cut by the test before the request');
      const answer = await send();
      if (ordered?.when === 'after') throw new ConnectionCut('cut by the test before the answer');
      return answer;
    },
  };
}
