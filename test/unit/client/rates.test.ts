import { positionsOffset, ratesBetween } from '../../../client/rates';
import { captured, lane, now, pipeline, store } from './samples';

function look(changes: number, orders: string, at: number) {
  const next = { 'shop.public.orders': { '0': orders }, 'shop.positions': { '0': String(at) } };
  const generations = [{ number: 1, mappingHash: 'a', role: 'live' as const, progress: lane({ next, at }) }];
  return pipeline({
    capture: { status: 'LIVE', progress: captured({ changes, at }), problem: null },
    stores: { search: store('search', { generations }) },
  });
}

describe('ratesBetween', () => {
  it('divides by the time between the reports, not by ours, and leaves the positions topic out', () => {
    const rates = ratesBetween(look(100, '1000', now), look(180, '1300', now + 4_000));
    expect(rates).toEqual({ capture: 20, stores: { search: { 1: 75 } } });
  });

  it.each([
    ['there is no earlier look', null],
    ['nothing new was reported', look(100, '1000', now)],
  ])('knows nothing when %s', (_, earlier) => {
    expect(ratesBetween(earlier, look(100, '1000', now))).toEqual({ capture: null, stores: { search: { 1: null } } });
  });
});

describe('positionsOffset', () => {
  it('finds the topic that leads a lane', () => {
    expect(positionsOffset(lane().next)).toBe('42');
    expect(positionsOffset({})).toBeNull();
  });
});
