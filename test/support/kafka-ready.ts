import type { Kafka } from 'kafkajs';
import { waitFor } from './wait';

/** Enough group ids to fall on every partition of the offsets topic. */
const groups = Array.from({ length: 24 }, (_, index) => `ready-${index}`);

/**
 * A broker that has just started makes its offsets topic when the first group asks, and answers "coordinator is loading"
 * for a while. In production that is Temporal's to try again; tests that open a reader themselves wait for it here.
 */
export async function untilGroupsCanJoin(kafka: Kafka): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    await waitFor({
      what: "Kafka's group coordinators to answer",
      seconds: 60,
      look: () => Promise.allSettled(groups.map((groupId) => admin.fetchOffsets({ groupId }))),
      until: (answers) => answers.every(({ status }) => status === 'fulfilled'),
    });
  } finally {
    await admin.disconnect();
  }
}
