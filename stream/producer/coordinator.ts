import { setTimeout as pause } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import { withClusters } from '../clusters';

/** The parts of kafkajs 2.2.4 that are looked at; names are its own. */
interface Coordinator {
  isConnected(): boolean;
  initProducerId(of: object): Promise<unknown>;
  addPartitionsToTxn(of: AddPartitions): Promise<unknown>;
  endTxn(of: object): Promise<unknown>;
}
interface AddPartitions {
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly (number | string)[] }[];
}
interface Wanted {
  readonly groupId: string;
  readonly coordinatorType?: number;
}
interface Cluster {
  findGroupCoordinator(wanted: Wanted): Promise<Coordinator>;
}

export interface TransactionPlan {
  readonly transactionalId: string;
  /** Each transaction writes to its partition 0, and to it last. */
  readonly lastTopic: string;
}

const transactional = 1;
/** Some at every transaction, and nothing that another coordinator would answer otherwise. */
const concurrent = 'CONCURRENT_TRANSACTIONS';
/**
 * The markers of the transaction before are being written, which is a matter of a millisecond or two: asked again after so many
 * milliseconds each, and then left to kafkajs, whose own way is to read the metadata of all topics anew and wait longer each time.
 * Under a backlog that was a third of the time between two appends.
 */
const patience = [1, 1, 1, 2, 2, 3, 3, 4, 5, 6, 8, 10];

/**
 * A transaction of three requests or four instead of eight, each of which waits for the one before it: add partitions, the records,
 * the position (with the records, where it can be), the end. kafkajs asks which broker coordinates before each request to it, and
 * adds the partition of the position record by itself. Its producers made from what this returns keep the coordinator until it
 * answers with an error or hangs up, name the last topic with the first partitions, and do not make a detour when the coordinator
 * asks for a moment. Null where kafkajs is not as it is known: then it goes on as ever.
 */
export function withShortTransactions(kafka: Kafka, plan: TransactionPlan): Kafka | null {
  return withClusters<Cluster>(kafka, (cluster) => shorten(cluster, plan));
}

/** Changes the cluster of one producer. Exported for its test. */
export function shorten<Given extends Cluster>(cluster: Given, { transactionalId, lastTopic }: TransactionPlan): Given {
  const find = cluster.findGroupCoordinator.bind(cluster);
  let known: Coordinator | null = null;
  /** The transaction under way has the last topic's partition. */
  let added = false;

  /** Whatever goes wrong may be that another broker coordinates by now. */
  async function asked<Answer>(request: Promise<Answer>): Promise<Answer> {
    try {
      return await request;
    } catch (error) {
      if (!isConcurrent(error)) known = null;
      throw error;
    }
  }

  async function askedAgain<Answer>(request: () => Promise<Answer>): Promise<Answer> {
    for (const ms of patience) {
      try {
        return await request();
      } catch (error) {
        if (!isConcurrent(error)) throw error;
      }
      await pause(ms);
    }
    return request();
  }

  const shortened = (coordinator: Coordinator): Coordinator => ({
    isConnected: () => coordinator.isConnected(),
    initProducerId: (of) => asked(coordinator.initProducerId(of)),
    async addPartitionsToTxn(of) {
      const missing = of.topics.filter(({ topic }) => !added || topic !== lastTopic);
      if (missing.length === 0) return undefined;
      const hasLast = added || missing.some(({ topic }) => topic === lastTopic);
      const topics = hasLast ? missing : [...missing, { topic: lastTopic, partitions: [0] }];
      const answer = await askedAgain(() => asked(coordinator.addPartitionsToTxn({ ...of, topics })));
      added = true;
      return answer;
    },
    endTxn(of) {
      added = false;
      return asked(coordinator.endTxn(of));
    },
  });

  cluster.findGroupCoordinator = async (wanted) => {
    if (wanted.coordinatorType !== transactional || wanted.groupId !== transactionalId) return find(wanted);
    // One that has hung up, as brokers do with those who are silent for long, is connected to by being found.
    if (!known?.isConnected()) known = shortened(await find(wanted));
    return known;
  };
  return cluster;
}

function isConcurrent(error: unknown): boolean {
  return (error as { readonly type?: unknown }).type === concurrent;
}
