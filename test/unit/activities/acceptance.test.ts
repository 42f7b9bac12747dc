import { checkAcceptance } from '../../../activities/acceptance';
import type { Acceptance } from '../../../stores/store';

const generation = { pipeline: 'shop', store: 'search', number: 2, mappingHash: 'm', logId: 'log' };
const acceptance: Acceptance = {
  next: { 'shop.public.orders': { '0': '100', '1': '7' } },
  position: { lsn: '9', index: 0 },
  positionAt: 1,
  logId: 'log',
  mappingHash: 'm',
};

const durability = 'answered';

describe('the store’s record is the truth, and is checked', () => {
  test('ahead of what the workflow remembers, or nothing remembered: go on', () => {
    checkAcceptance({ generation, remembered: null, acceptance, durability });
    checkAcceptance({ generation, remembered: { 'shop.public.orders': { '0': '99' } }, acceptance, durability });
  });

  test.each([
    ['behind', { remembered: { 'shop.public.orders': { '1': '10' } } }, 'store-behind'],
    ['without a partition it had', { remembered: { 'shop.public.orders': { '2': '1' } } }, 'store-behind'],
    ['of another log', { acceptance: { ...acceptance, logId: 'other' } }, 'log-replaced'],
    ['of another mapping', { acceptance: { ...acceptance, mappingHash: 'other' } }, 'store-behind'],
  ])('%s: blocked', (_what, difference, reason) => {
    expect(() => checkAcceptance({ generation, remembered: null, acceptance, durability, ...difference })).toThrow(
      expect.objectContaining({ name: 'Blocked', reason }) as Error,
    );
  });

  test('behind, in a store that may forget in a crash: go on from there', () => {
    const remembered = { 'shop.public.orders': { '1': '10' } };
    checkAcceptance({ generation, remembered, acceptance, durability: 'by-setting' });
    const other = { ...acceptance, logId: 'other' };
    expect(() => checkAcceptance({ generation, remembered, acceptance: other, durability: 'by-setting' })).toThrow(
      expect.objectContaining({ name: 'Blocked', reason: 'log-replaced' }) as Error,
    );
  });
});
