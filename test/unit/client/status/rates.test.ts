import { positionsOffset, ratesBetween } from '../../../../client/status/rates';
import { captured, lane, now, pipeline, store } from '../samples';

function look(changes: number, orders: string, at: number, { lagRecords = 0, rows = 0 } = {}) {
  const next = { 'shop.public.orders': { '0': orders }, 'shop.positions': { '0': String(at) } };
  const generations = [
    { number: 1, mappingHash: 'a', role: 'live' as const, progress: lane({ next, at, lagRecords }) },
  ];
  const copies = { 'public.orders': { done: false, rows, estimatedRows: 9_000 } };
  return pipeline({
    capture: { status: 'LIVE', progress: captured({ changes, at, copies }), problem: null },
    stores: { search: store('search', { generations }) },
  });
}

describe('ratesBetween', () => {
  it('divides by the time between the reports, not by ours, and leaves the positions topic out', () => {
    const rates = ratesBetween(look(100, '1000', now), look(180, '1300', now + 4_000, { rows: 40 }));
    expect(rates).toEqual({ capture: 20, copies: 10, stores: { search: { 1: { read: 75, closing: 0 } } } });
  });

  it('tells reading from coming nearer: writers do not wait', () => {
    const rates = ratesBetween(
      look(0, '1000', now, { lagRecords: 500 }),
      look(0, '1300', now + 2_000, { lagRecords: 520 }),
    );
    expect(rates.stores['search']?.[1]).toEqual({ read: 150, closing: -10 });
  });

  it('has no rate below zero when another worker has begun to count', () => {
    const rates = ratesBetween(look(100, '1000', now), look(5, '1000', now + 1_000));
    expect(rates.capture).toBe(0);
  });

  it.each([
    ['there is no earlier look', null],
    ['nothing new was reported', look(100, '1000', now)],
  ])('knows nothing when %s', (_, earlier) => {
    expect(ratesBetween(earlier, look(100, '1000', now))).toEqual({
      capture: null,
      copies: null,
      stores: { search: { 1: null } },
    });
  });
});

describe('positionsOffset', () => {
  it('finds the topic that leads a lane', () => {
    expect(positionsOffset(lane().next)).toBe('42');
    expect(positionsOffset({})).toBeNull();
  });
});
