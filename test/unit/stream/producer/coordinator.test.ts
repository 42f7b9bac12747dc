import { shorten, withShortTransactions } from '../../../../stream/producer/coordinator';
import { createKafka } from '../../../../stream/kafka';

const plan = { transactionalId: 'ours', lastTopic: 'shop.positions' };
const items = { topic: 'shop.items', partitions: ['0', '3'] };
const positions = { topic: 'shop.positions', partitions: ['0'] };

/** A cluster that writes down what it is asked; `refuse` is thrown by the next request to its coordinator. */
function clusterThatTells() {
  const told: string[] = [];
  const state = { connected: true, refuse: null as Error | null, times: 1 };
  const answer = async (what: string) => {
    told.push(what);
    const { refuse } = state;
    state.times -= 1;
    if (state.times <= 0) state.refuse = null;
    if (refuse) throw refuse;
    return what;
  };
  const coordinator = {
    isConnected: () => state.connected,
    initProducerId: () => answer('id'),
    addPartitionsToTxn: ({ topics }: { topics: readonly { topic: string; partitions: readonly unknown[] }[] }) =>
      answer(`add ${topics.map(({ topic, partitions }) => `${topic}/${partitions.join('+')}`).join(' ')}`),
    endTxn: (_of: object) => answer('end'),
  };
  const cluster = {
    async findGroupCoordinator({ groupId }: { groupId: string; coordinatorType?: number }) {
      told.push(`find ${groupId}`);
      return coordinator;
    },
  };
  return { told, state, cluster: shorten(cluster, plan) };
}

type Cluster = ReturnType<typeof clusterThatTells>['cluster'];
const find = (cluster: Cluster) => cluster.findGroupCoordinator({ groupId: 'ours', coordinatorType: 1 });
/** As kafkajs goes about it: the coordinator is asked for before each request. */
const add = async (cluster: Cluster, ...topics: (typeof items)[]) =>
  (await find(cluster)).addPartitionsToTxn({ topics });
const end = async (cluster: Cluster) => (await find(cluster)).endTxn({});

it('a transaction is one addition of partitions and one end, and the coordinator is looked for once', async () => {
  const { cluster, told } = clusterThatTells();
  for (let times = 0; times < 2; times += 1) {
    await add(cluster, items);
    await add(cluster, positions);
    await end(cluster);
  }
  const once = ['add shop.items/0+3 shop.positions/0', 'end'];
  expect(told).toEqual(['find ours', ...once, ...once]);
});

it('partitions that come later are added as ever, and a position alone adds its own', async () => {
  const { cluster, told } = clusterThatTells();
  await add(cluster, items);
  await add(cluster, { topic: 'shop.items', partitions: ['1'] }, positions);
  await end(cluster);
  await add(cluster, positions);
  expect(told.slice(2)).toEqual(['add shop.items/1', 'end', 'add shop.positions/0']);
});

const wait = Object.assign(new Error('wait'), { type: 'CONCURRENT_TRANSACTIONS' });
const added = 'add shop.items/0+3 shop.positions/0';

it('while the last transaction is not over its coordinator is asked again, and nobody else', async () => {
  const { cluster, told, state } = clusterThatTells();
  Object.assign(state, { refuse: wait, times: 3 });
  await add(cluster, items);
  expect(told).toEqual(['find ours', added, added, added, added]);
});

it('one that is never over is left to the patience of kafkajs, and the partitions to its next try', async () => {
  const { cluster, told, state } = clusterThatTells();
  Object.assign(state, { refuse: wait, times: Infinity });
  await expect(add(cluster, items)).rejects.toThrow('wait');
  state.refuse = null;
  await add(cluster, items);
  expect(told[0]).toBe('find ours');
  expect(new Set(told.slice(1))).toEqual(new Set([added]));
});

it('after an error, or a connection that was closed, it is looked for again', async () => {
  const { cluster, told, state } = clusterThatTells();
  state.refuse = Object.assign(new Error('moved'), { type: 'NOT_COORDINATOR' });
  await expect(add(cluster, items)).rejects.toThrow('moved');
  await add(cluster, items);
  state.connected = false;
  await end(cluster);
  expect(told.filter((what) => what.startsWith('find'))).toHaveLength(3);
});

it('other groups, and other kinds of coordinators, are looked for each time', async () => {
  const { cluster, told } = clusterThatTells();
  for (const wanted of [{ groupId: 'theirs', coordinatorType: 1 }, { groupId: 'ours' }]) {
    await cluster.findGroupCoordinator(wanted);
    await cluster.findGroupCoordinator(wanted);
  }
  expect(told).toEqual(['find theirs', 'find theirs', 'find ours', 'find ours']);
});

it('the kafkajs that is installed is as it is known, and any other goes on as ever', () => {
  const kafka = createKafka({ brokers: ['127.0.0.1:9'], clientId: 'test' });
  expect(withShortTransactions(kafka, plan)).not.toBeNull();
  expect(withShortTransactions({} as typeof kafka, plan)).toBeNull();
});
