/** Several ask the source side by side, and a connection runs one statement at a time. */
export function createTurns(): <Result>(work: () => Promise<Result>) => Promise<Result> {
  let turn: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = turn.then(work);
    turn = mine.catch(() => undefined); // told to whoever asked
    return mine;
  };
}
