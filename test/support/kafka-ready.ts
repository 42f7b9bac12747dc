import { withAdmin, type Kafka } from './kafka';
import { waitFor } from './wait';

/** Enough group ids to fall on every partition of the offsets topic. */
const groups = Array.from({ length: 24 }, (_, index) => `ready-${index}`);

/**
 * A broker that has just started makes its offsets topic when the first group asks, and answers "coordinator is loading"
 * for a while. In production that is Temporal's to try again; tests that open a reader themselves wait for it here.
 */
export async function untilGroupsCanJoin(kafka: Kafka): Promise<void> {
  await withAdmin(kafka, (admin) =>
    waitFor({
      what: "Kafka's group coordinators to answer",
      seconds: 60,
      look: () => Promise.allSettled(groups.map((groupId) => admin.fetchOffsets({ groupId }))),
      until: (answers) => answers.every(({ status }) => status === 'fulfilled'),
    }),
  );
}
