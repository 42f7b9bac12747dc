import type { Kafka } from 'kafkajs';

/**
 * A client whose producers, consumers and admins are made of the clusters that `change` returns: what kafkajs 2.2.4 knows of the
 * brokers, and shows to nobody. What is made of the client itself is not touched. Null where kafkajs is not as it is known.
 */
export function withClusters<Cluster>(kafka: Kafka, change: (cluster: Cluster) => Cluster): Kafka | null {
  const name = Object.getOwnPropertySymbols(kafka).find(({ description }) => description === createClusterName);
  const createCluster = name && (kafka as unknown as Record<symbol, unknown>)[name];
  if (name === undefined || typeof createCluster !== 'function') return null;
  const create = (options: object) => change((createCluster as (options: object) => Cluster)(options));
  return Object.create(kafka, { [name]: { value: create } }) as Kafka;
}

const createClusterName = 'private:Kafka:createCluster';
