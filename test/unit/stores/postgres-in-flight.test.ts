import { InFlight } from '../../../stores/postgres/in-flight';

/** Statements whose answers come when the test says so. */
function statements(count: number) {
  const inFlight = new InFlight();
  const answers = Array.from({ length: count }, () => {
    let answer = { resolve: (): void => {}, reject: (_: Error): void => {} };
    inFlight.add(new Promise<void>((resolve, reject) => (answer = { resolve, reject })));
    return answer;
  });
  return { inFlight, answers };
}

const outcomeOf = (settling: Promise<void>) =>
  settling.then(
    () => 'settled',
    (error: Error) => error.message,
  );

test('as many as are allowed stay unanswered', async () => {
  const { inFlight, answers } = statements(3);
  answers[0]?.resolve();
  expect(await outcomeOf(inFlight.settle(2))).toBe('settled');
});

test('the first error in the order of sending is told, whichever was answered first', async () => {
  const { inFlight, answers } = statements(3);
  answers[2]?.reject(new Error('in a failed transaction'));
  answers[1]?.reject(new Error('the cause'));
  answers[0]?.resolve();
  expect(await outcomeOf(inFlight.settle())).toBe('the cause');
});

test('an error is told when nothing is under way any more', async () => {
  const { inFlight, answers } = statements(2);
  const order: string[] = [];
  const settling = outcomeOf(inFlight.settle()).then(() => order.push('told'));
  answers[0]?.reject(new Error('the cause'));
  await new Promise(setImmediate);
  order.push('answered');
  answers[1]?.resolve();
  await settling;
  expect(order).toEqual(['answered', 'told']);
});
