import type { ActivityAttempt, Observer } from '../activities/observer';

export interface UnderWay {
  /** The same observer, with its attempts counted. */
  readonly observer: Observer;
  /** What runs at this moment, for people: `followSlice of shop/search, for 12 s`. */
  list(): string[];
}

/** Knows which activities run, so that a worker which cannot end can say what it waits for. */
export function watchUnderWay(observer: Observer, clock: () => number): UnderWay {
  const running = new Map<ActivityAttempt, number>();
  return {
    observer: {
      ...observer,
      begun(attempt) {
        running.set(attempt, clock());
        const ended = observer.begun(attempt);
        return (error) => {
          running.delete(attempt);
          ended(error);
        };
      },
    },
    list: () =>
      [...running].map(([{ activity, pipeline, store }, since]) => {
        const whose = [pipeline, store].filter((name) => name !== '').join('/');
        return `${activity}${whose === '' ? '' : ` of ${whose}`}, for ${Math.round((clock() - since) / 1_000)} s`;
      }),
  };
}
