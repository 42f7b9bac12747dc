import type { ConsumerKind, ProducerKind } from '../../model/settings';

/** What a worker writes the log with, and its lanes read it with. */
export interface KafkaClients {
  readonly producer: ProducerKind;
  readonly consumer: ConsumerKind;
}

const pairs: readonly KafkaClients[] = [
  { producer: 'fast', consumer: 'fast' },
  { producer: 'stock', consumer: 'fast' },
  { producer: 'fast', consumer: 'stock' },
  { producer: 'stock', consumer: 'stock' },
];

/** Both producers in turn, and both consumers: one of them dies at a point by this seed, the other by another, and each takes over from each. */
export function clientsInTurn(seed: number): readonly KafkaClients[] {
  return pairs.map((_, at) => pairs[(seed + at) % pairs.length] as KafkaClients);
}
