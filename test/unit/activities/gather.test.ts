import { Gather } from '../../../activities/gather';

/** At a store that lets batches grow for `gatherMs`, with so many records waiting; pauses are noted and take no time. */
function lane(gatherMs: number, records: number) {
  const state = { clock: 1_000, records, pauses: [] as number[] };
  const reader = { ahead: () => ({ caughtUp: false, records: state.records, oldestAt: null }) };
  const pause = async (ms: number): Promise<void> => {
    state.pauses.push(ms);
    state.clock += ms;
  };
  return { state, gather: new Gather({ store: { gatherMs }, reader }, () => state.clock, pause) };
}
const { signal } = new AbortController();

test('the first batch goes at once, the next one what is left of the time since', async () => {
  const { state, gather } = lane(50, 3);
  await gather.wait(signal);
  expect(state.pauses).toEqual([]);
  gather.handedOver();
  state.clock += 20;
  expect(gather.leftMs()).toBe(30);
  await gather.wait(signal);
  expect(state.pauses).toEqual([30]);
  expect(gather.leftMs()).toBe(0);
});

test('a backlog waits for nothing, and no store that shows at once what it was handed', async () => {
  for (const { state, gather } of [lane(50, 1_000), lane(0, 3)]) {
    gather.handedOver();
    expect(gather.leftMs()).toBe(0);
    await gather.wait(signal);
    expect(state.pauses).toEqual([]);
  }
});

test('a slice that is to stop does not wait', async () => {
  const { state } = lane(0, 0);
  const reader = { ahead: () => ({ caughtUp: true, records: 0, oldestAt: null }) };
  const gather = new Gather({ store: { gatherMs: 3_600_000 }, reader }, () => state.clock);
  gather.handedOver();
  const stop = new AbortController();
  const waiting = gather.wait(stop.signal);
  stop.abort();
  await expect(waiting).resolves.toBeUndefined();
});
