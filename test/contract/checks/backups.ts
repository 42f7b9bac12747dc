import { checkAcceptance } from '../../../activities/acceptance';
import { Blocked, Fenced } from '../../../model/errors';
import type { Check } from '../check';
import {
  account,
  apply,
  balances,
  expectBlocked,
  failure,
  generation,
  lane,
  offsets,
  owner,
  recordedNext,
} from '../fixture';

const first = generation(1);
const me = owner(2000);

/**
 * Invariant 9: a store that somebody has put back says where it stands, and nobody goes on from anywhere else. What a
 * backup brings back is a generation as it was: here one that stands at 1, with people who have seen it further on.
 */
export const backupChecks = {
  'a store restored from a backup says where it stands, and is not gone on with from where it had been': async ({
    open,
  }) => {
    const store = await open();
    await store.prepare(first);
    await store.acquire(first, lane, owner(1000));
    await apply(store, first, { owner: owner(1000), from: 0, to: 1, mutations: [account(1, 10, 0)] });

    const restored = await open();
    const acceptance = await restored.acquire(first, lane, me);
    expect(acceptance.next).toEqual(offsets(1));
    const { durability } = restored.capabilities;
    const accept = async () => checkAcceptance({ generation: first, remembered: offsets(3), acceptance, durability });
    // Where a crash may take back what was answered, it looks the same; the log is then read again from there.
    if (durability === 'by-setting') await accept();
    else await expectBlocked(accept(), 'store-behind');
    await expectBlocked(
      apply(restored, first, { owner: me, from: 3, to: 4, mutations: [account(1, 40, 3)] }),
      'store-behind',
    );
    expect(await balances(restored, first)).toEqual({ 'accounts/1': 10 });
    expect(await recordedNext(restored, 1)).toBe(1);
  },

  'a store restored from the time of another log takes nothing of this one': async ({ open }) => {
    const store = await open();
    await store.prepare(first);
    await store.acquire(first, lane, owner(1000));
    await apply(store, first, { owner: owner(1000), from: 0, to: 1, mutations: [account(1, 10, 0)] });

    const ours = generation(1, { logId: 'log-b' });
    const restored = await open();
    const blocked = await expectBlocked(restored.acquire(ours, lane, me), 'log-replaced');
    expect(blocked.message).toMatch(/log-a.*log-b/s);
    // Its offsets would fit: they are offsets of another log all the same.
    await restored.acquire(first, lane, me);
    const late = await failure(apply(restored, ours, { owner: me, from: 1, to: 2, mutations: [account(1, 20, 1)] }));
    expect([Blocked.name, Fenced.name]).toContain(late.name);
    expect(await balances(restored, first)).toEqual({ 'accounts/1': 10 });
  },
} satisfies Record<string, Check>;
