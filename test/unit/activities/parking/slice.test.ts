import { poisonRules } from '../../../../model/poison';
import type { ParkedOrder } from '../../../../model/poison';
import type { StoreDefinition } from '../../../../model/pipeline';
import type { Deps, LaneSession } from '../../../../activities/deps';
import { Sessions } from '../../../../activities/sessions';
import { Blocked, Fenced } from '../../../../model/errors';
import type { ParkedCounts } from '../../../../model/status';
import type { ParkedIndex } from '../../../../stream/parked-index';
import { entryOf, parkedId, type ParkedRecord } from '../../../../stream/parked-format';
import type { ParkedLog } from '../../../../stream/parked-log';
import { refusal, throwRefused } from '../../../../stores/refused';
import type { Store } from '../../../../stores/store';
import { readMemory } from '../../../support/memory-store';
import { createWorld, next, pieces, pipeline, prepared, run, type World } from '../lane-world';

type Changeable<Whole> = { -readonly [Name in keyof Whole]: Whole[Name] };

/** The topic, as it outlives every slice. */
function createTopic() {
  const records = new Map<string, ParkedRecord>();
  const open = (index: ParkedIndex): ParkedLog => {
    for (const one of records.values()) index.put(entryOf(one));
    return {
      index,
      async append({ parked = [], freed = [] }) {
        for (const one of parked) {
          records.set(parkedId(one.facts), one);
          index.put(entryOf(one));
        }
        for (const place of freed) {
          records.delete(parkedId(place));
          index.remove(parkedId(place));
        }
      },
      read: async (places) => places.flatMap((place) => records.get(parkedId(place)) ?? []),
      close: async () => undefined,
    };
  };
  return { records, open };
}

/** Refuses totals that `refuses` names; records carry the total of their offset. */
function refusing(state: { refuses: ReadonlySet<number> }) {
  return (real: Store): Store => ({
    ...real,
    async apply(generation, batch, signal) {
      throwRefused(
        batch.mutations
          .filter(({ document }) => state.refuses.has(Number(document?.['total'])))
          .map((mutation) => refusal(generation, mutation, 'no')),
      );
      return real.apply(generation, batch, signal);
    },
  });
}

const definition = { ...pipeline.stores['replica'], poison: { store: 'park', maxParked: 5 } } as StoreDefinition;
const generation = { number: 1, definition, mappingHash: 'm', logId: 'log' };

async function world(totals: number, refuses: readonly number[], log = pieces(Array<boolean>(totals).fill(true))) {
  const state = { refuses: new Set(refuses) };
  const topic = createTopic();
  const created = await prepared(createWorld(log, { store: refusing(state) }));
  const deps: Changeable<Deps> = { ...created.deps, openParkedLog: async ({ index }) => topic.open(index) };
  const lane: Omit<World, 'deps'> & { deps: Changeable<Deps> } = Object.assign(created, { deps });
  return Object.assign(lane, { state, topic });
}

const slice = (of: World, parkedOrder?: ParkedOrder) =>
  run(of, { generation, ...(parkedOrder ? { parkedOrder } : {}) }).result;
const total = ({ durable }: World) => Object.values(readMemory({ ...durable, live: 1 }, 'orders') ?? {})[0]?.['total'];
const offsets = ({ topic }: Awaited<ReturnType<typeof world>>) =>
  [...topic.records.values()].map(({ facts }) => facts.offset);
const order = (more: Partial<ParkedOrder> = {}): ParkedOrder => ({ id: '1', action: 'retry', ...more });

describe('a row whose record the store refuses', () => {
  test('keeps its state, its later changes wait in order, and the offsets go on', async () => {
    const lane = await world(4, [1]);
    const { progress, parked } = await slice(lane);
    expect(progress).toMatchObject({ next: next(4, 4), parked: { records: 3, rows: 1 } });
    expect(total(lane)).toBe(0);
    expect(offsets(lane)).toEqual(['1', '2', '3']);
    expect(parked).toMatchObject([{ reason: 'unstorable' }]);
  });

  test('is applied once the store takes it: the last of its records, in one step; twice is once', async () => {
    const lane = await world(4, [1]);
    await slice(lane);
    lane.state.refuses = new Set();
    const { ended, progress } = await slice(lane, order());
    expect({ ended, total: total(lane), left: offsets(lane) }).toEqual({ ended: 'parked-order', total: 3, left: [] });
    expect(progress.parked).toBeUndefined();
    await slice(lane, order());
    expect(total(lane)).toBe(3);
  });

  test('stays as it is when a retry fails, with what was wrong this time', async () => {
    const lane = await world(4, [1, 3]);
    await slice(lane);
    await slice(lane, order());
    expect(offsets(lane)).toEqual(['1', '2', '3']);
    const last = [...lane.topic.records.values()].find(({ facts }) => facts.offset === '3');
    expect(last?.facts).toMatchObject({ reason: 'unstorable', attempts: 1 });
    expect(total(lane)).toBe(0);
  });

  test('goes on behind a record that is skipped', async () => {
    const lane = await world(3, [1, 2]);
    await slice(lane);
    const keyId = [...lane.topic.records.values()][0]?.facts.keyId ?? '';
    lane.state.refuses = new Set([2]);
    await slice(lane, order({ action: 'skip', key: keyId, offset: '2' }));
    expect({ total: total(lane), left: offsets(lane) }).toEqual({ total: 1, left: [] });
  });

  test('is not brought again to a server that forgets it in a crash: its guarantees say so', async () => {
    const lane = await world(2, [1]);
    await slice(lane);
    lane.state.refuses = new Set();
    const before = lane.durable.generations.get(1);
    await slice(lane, order());
    expect(total(lane)).toBe(1);
    if (before) lane.durable.generations.set(1, before);
    await slice(lane);
    expect({ total: total(lane), left: offsets(lane) }).toEqual({ total: 0, left: [] });
  });

  test('says of how many records an order was, so that one about nothing is known as such', async () => {
    const lane = await world(4, [1]);
    await slice(lane);
    const key = [...lane.topic.records.values()][0]?.facts.keyId ?? '';
    const none = { key: '000000000000' };
    lane.state.refuses = new Set([1, 2]);
    expect(await slice(lane, order(none))).toMatchObject({ ended: 'parked-order', obeyed: 0 });
    expect(await slice(lane, order({ action: 'skip', ...none, offset: 'all' }))).toMatchObject({ obeyed: 0 });
    expect(await slice(lane, order({ action: 'skip', key, offset: '77' }))).toMatchObject({ obeyed: 0 });
    expect(await slice(lane, order({ action: 'skip', key, offset: '3' }))).toMatchObject({ obeyed: 1 });
    expect(await slice(lane, order())).toMatchObject({ obeyed: 2 });
    expect((await slice(lane)).obeyed).toBeUndefined();
  });

  test('a crash between the topic and the store parks it once, at the same place', async () => {
    const lane = await world(2, [1]);
    const { openParkedLog } = lane.deps;
    lane.deps.openParkedLog = async (options) => {
      const log = await openParkedLog(options);
      return {
        ...log,
        async append(change) {
          await log.append(change);
          throw new Error('died');
        },
      };
    };
    await expect(slice(lane)).rejects.toThrow('died');
    lane.deps.openParkedLog = openParkedLog;
    await slice(lane);
    expect(offsets(lane)).toEqual(['1']);
  });

  test('control: with what is parked forgotten, a later change overtakes the refused one', async () => {
    const lane = await world(4, [1]);
    const real = lane.deps.laneSessions.take.bind(lane.deps.laneSessions);
    lane.deps.laneSessions.take = async (key, open) => {
      const session = await real(key, open);
      return {
        ...session,
        parking: { ...session.parking, index: Object.assign(session.parking.index, { holdsRow: () => false }) },
      };
    };
    await slice(lane);
    expect(total(lane)).toBe(3);
  });
});

test('a record that cannot be read stays when it is tried again, with the count of it, until it is skipped', async () => {
  const log = pieces([true, true, true]).map((piece, at) =>
    at === 1
      ? { ...piece, records: piece.records.map((one) => ({ ...one, value: Buffer.from('of a newer version') })) }
      : piece,
  );
  const lane = await world(3, [], log);
  const parks = {
    ...generation,
    definition: { ...definition, poison: { decode: 'park', store: 'park' } } as StoreDefinition,
  };
  const obey = (parkedOrder?: ParkedOrder) =>
    run(lane, { generation: parks, ...(parkedOrder ? { parkedOrder } : {}) }).result;
  await obey();
  const facts = () =>
    [...lane.topic.records.values()].map((one) => [one.facts.offset, one.facts.reason, one.facts.attempts]);
  expect({ facts: facts(), total: total(lane) }).toEqual({
    facts: [
      ['1', 'undecodable', 1],
      ['2', 'waits', 0],
    ],
    total: 0,
  });
  const key = [...lane.topic.records.values()][0]?.facts.keyId ?? '';
  await obey(order({ key }));
  expect({ facts: facts(), total: total(lane) }).toEqual({
    facts: [
      ['1', 'undecodable', 2],
      ['2', 'waits', 0],
    ],
    total: 0,
  });
  await obey(order({ id: '2', action: 'skip', key, offset: '1' }));
  expect({ facts: facts(), total: total(lane) }).toEqual({ facts: [], total: 2 });
});

describe('a topic that was deleted while nobody had read it', () => {
  /** As the real one: what ends before it is known to have ended is another topic. */
  async function bereft(heeds: boolean) {
    const lane = await world(4, [1]);
    const { progress } = await slice(lane);
    const { openParkedLog } = lane.deps;
    const asked: number[] = [];
    lane.deps.openParkedLog = async (options) => {
      asked.push(options.end);
      if (heeds && options.end > lane.topic.records.size) throw new Blocked('log-truncated', 'gone');
      return openParkedLog(options);
    };
    lane.topic.records.clear();
    // Another process: all it has is what the workflow tells.
    lane.deps.laneSessions = new Sessions<LaneSession>(60_000, () => undefined);
    lane.state.refuses = new Set();
    const parked = { ...progress.parked, end: '3' } as ParkedCounts;
    return { lane, asked, result: run(lane, { generation, parked }).result };
  }

  test('blocks its lane, by what the workflow remembers of it', async () => {
    const { asked, result } = await bereft(true);
    await expect(result).rejects.toMatchObject({ name: 'Blocked', reason: 'log-truncated' });
    expect(asked).toEqual([3]);
  });

  test('control: unheeded, the lane goes on, and nobody learns of it', async () => {
    const { result } = await bereft(false);
    expect((await result).progress.parked).toBeUndefined();
  });

  test('is asked for whatever the policy is by now', async () => {
    const lane = await world(2, []);
    const ends: number[] = [];
    const { openParkedLog } = lane.deps;
    lane.deps.openParkedLog = (options) => {
      ends.push(options.end);
      return openParkedLog(options);
    };
    // As an older version remembers it: without an end.
    await run(lane, { parked: { records: 1, rows: 1 } }).result;
    expect(ends).toEqual([1]);
  });
});

test('beyond maxParked the lane is blocked, and nothing of that batch is parked or passed', async () => {
  const lane = await world(10, [1]);
  await expect(slice(lane)).rejects.toMatchObject({ name: 'Blocked', reason: 'too-much-poison' });
  expect(offsets(lane)).toHaveLength(5);
  expect(lane.durable.generations.get(1)?.next).toEqual(next(6, 6));
});

test('who has lost the lane behind the fence does not write', async () => {
  const lane = await world(2, [1]);
  let acquired = 0;
  const { openStore } = lane.deps;
  lane.deps = {
    ...lane.deps,
    openStore: (context) => {
      const store = openStore(context);
      return {
        ...store,
        async acquire(...request) {
          acquired += 1;
          if (acquired === 2) throw new Fenced('another has it');
          return store.acquire(...request);
        },
      };
    },
  };
  await expect(slice(lane)).rejects.toMatchObject({ name: 'Fenced' });
  expect(offsets(lane)).toEqual([]);
});

test('a store that says nothing of it blocks, and opens no topic', async () => {
  const rules = poisonRules({});
  expect(rules).toEqual({ parks: { undecodable: false, unmappable: false, unstorable: false }, maxParked: 1_000 });
  const lane = await world(2, [1]);
  lane.deps.openParkedLog = () => Promise.reject(new Error('opened'));
  await expect(run(lane).result).rejects.toMatchObject({ name: 'Blocked', reason: 'unstorable' });
});

test('a log that no longer holds what comes next leaves no producer behind', async () => {
  const lane = await world(2, []);
  const { openParkedLog, openReader } = lane.deps;
  const closed: string[] = [];
  lane.deps = {
    ...lane.deps,
    openParkedLog: async (options) => {
      const log = await openParkedLog(options);
      return { ...log, close: async () => void closed.push('parked') };
    },
    openReader: async (options) => ({
      ...(await openReader(options)),
      seek: () => Promise.reject(new Blocked('log-truncated', 'cut')),
    }),
  };
  await expect(slice(lane)).rejects.toMatchObject({ reason: 'log-truncated' });
  expect(closed).toEqual(['parked']);
});
