import { quietKafka } from './kafka';
import { untilGroupsCanJoin } from './kafka-ready';

/** Before the first live test: the servers answer, and Kafka's readers can join. Tests say themselves what address they miss. */
export default async function liveSetup(): Promise<void> {
  const address = process.env['SLIPSTREAM_TEST_KAFKA'];
  if (address === undefined) return;
  await untilGroupsCanJoin(quietKafka('live-setup', [address]));
}
