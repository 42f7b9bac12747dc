import { judgeSource, type SlotRow, type SourceSystem } from '../../../../capture/source/identity';

const system: SourceSystem = { systemId: '7', timeline: 1, flushLsn: '1000', database: 'shop' };
const slot: SlotRow = {
  name: 's',
  plugin: 'pgoutput',
  database: 'shop',
  activePid: null,
  confirmedLsn: '900',
  walStatus: 'reserved',
  invalidationReason: null,
};
const last = { systemId: '7', timeline: 1, position: { lsn: '900', index: 0 } };

describe('judgeSource', () => {
  it.each<[string, Partial<SourceSystem>, Partial<SlotRow> | null, Partial<typeof last>, string | undefined]>([
    ['all as it was left', {}, {}, {}, undefined],
    ['the slot behind the log: a crash between append and confirm', {}, { confirmedLsn: '1' }, {}, undefined],
    [
      'the log inside a transaction that commits where the slot stands',
      {},
      {},
      { position: { lsn: '900', index: 5 } },
      undefined,
    ],
    ['WAL ends exactly at the last position', { flushLsn: '900' }, {}, {}, undefined],
    [
      'more digits are more',
      { flushLsn: '10000' },
      { confirmedLsn: '9999' },
      { position: { lsn: '9999', index: 0 } },
      undefined,
    ],
    ['another cluster', { systemId: '8' }, {}, {}, 'source-replaced'],
    ['another cluster without the slot: the cluster is told first', { systemId: '8' }, null, {}, 'source-replaced'],
    ['another timeline', { timeline: 2 }, {}, {}, 'source-replaced'],
    ['WAL ends before the last position', { flushLsn: '899' }, {}, {}, 'source-rewound'],
    ['no slot', {}, null, {}, 'slot-lost'],
    ['a slot of another plugin', {}, { plugin: 'wal2json' }, {}, 'slot-lost'],
    ['a physical slot', {}, { plugin: null, database: null }, {}, 'slot-lost'],
    ['a slot of another database', {}, { database: 'other' }, {}, 'slot-lost'],
    ['WAL removed under it', {}, { walStatus: 'lost' }, {}, 'slot-lost'],
    ['invalidated', {}, { invalidationReason: 'idle_timeout' }, {}, 'slot-lost'],
    ['without a position', {}, { confirmedLsn: null }, {}, 'slot-lost'],
    ['confirmed beyond the log', {}, { confirmedLsn: '901' }, {}, 'slot-ahead'],
    [
      'confirmed beyond a log that ends inside a transaction',
      {},
      { confirmedLsn: '901' },
      { position: { lsn: '900', index: 3 } },
      'slot-ahead',
    ],
  ])('%s', (_case, systemIs, slotIs, lastIs, reason) => {
    const judged = judgeSource({
      slotName: 's',
      system: { ...system, ...systemIs },
      slot: slotIs && { ...slot, ...slotIs },
      last: { ...last, ...lastIs },
    });
    expect(judged?.reason).toBe(reason);
    if (judged) expect(judged.message).toMatch(/Begin a new log/);
  });
});
