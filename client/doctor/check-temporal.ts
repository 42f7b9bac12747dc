import { Connection } from '@temporalio/client';
import { isGrpcServiceError } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { finding, type PartReport } from '../../model/finding';
import { slicesTaskQueue } from '../../model/names';
import type { Settings } from '../../model/settings';
import { judgeTemporal, type Pollers, type TemporalFacts } from './judge-temporal';

const patienceMs = 5_000;
const grpcNotFound = 5;

const { TASK_QUEUE_TYPE_WORKFLOW, TASK_QUEUE_TYPE_ACTIVITY } = temporal.api.enums.v1.TaskQueueType;
const { INDEXED_VALUE_TYPE_INT, INDEXED_VALUE_TYPE_KEYWORD } = temporal.api.enums.v1.IndexedValueType;

type Place = Pick<Settings, 'temporalAddress' | 'temporalNamespace' | 'taskQueue'>;

const part = 'temporal';

/** Looks at what a pipeline needs of Temporal: namespace, search attributes, workers. Starts and registers nothing. */
export async function checkTemporal(place: Place): Promise<PartReport> {
  const { temporalAddress: address, temporalNamespace: namespace, taskQueue } = place;
  let connection: Connection;
  try {
    connection = await Connection.connect({ address, connectTimeout: patienceMs });
  } catch {
    const cure = 'Start it (npm start brings up a local one), or set TEMPORAL_ADDRESS to where it is.';
    const where = `TEMPORAL_ADDRESS (${address})`;
    return {
      part,
      facts: [],
      findings: [finding('temporal-unreachable', { where, what: 'Temporal does not answer.', cure })],
    };
  }
  try {
    const facts = await connection.withDeadline(Date.now() + patienceMs, () => readTemporal(connection, place));
    const findings = judgeTemporal(facts, { namespace, taskQueue });
    return { part, facts: facts.namespaceExists ? [`namespace ${namespace} at ${address}`] : [], findings };
  } catch (error) {
    const what = `it did not answer: ${error instanceof Error ? error.message : String(error)}.`;
    const cure = 'See whether it is overloaded, or stopped; then check again.';
    return {
      part,
      facts: [],
      findings: [finding('temporal-unanswered', { where: `Temporal (${address})`, what, cure })],
    };
  } finally {
    await connection.close();
  }
}

async function readTemporal(connection: Connection, place: Place): Promise<TemporalFacts> {
  const { temporalNamespace: namespace, taskQueue } = place;
  const askedAt = Date.now();
  const namespaceExists = await exists(connection, namespace);
  const nobody: Pollers = { workflow: [], activity: [] };
  if (!namespaceExists) {
    return { namespaceExists, attributes: null, steering: nobody, slices: nobody, askedAt, answeredAt: Date.now() };
  }
  const attributes = await readAttributes(connection, namespace);
  const steering = await readPollers(connection, namespace, taskQueue);
  const slices = await readPollers(connection, namespace, slicesTaskQueue(taskQueue));
  return { namespaceExists, attributes, steering, slices, askedAt, answeredAt: Date.now() };
}

async function exists(connection: Connection, namespace: string): Promise<boolean> {
  try {
    await connection.workflowService.describeNamespace({ namespace });
    return true;
  } catch (error) {
    if (isGrpcServiceError(error) && Number(error.code) === grpcNotFound) return false;
    throw error;
  }
}

async function readAttributes(connection: Connection, namespace: string): Promise<Record<string, string>> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const names = new Map([
    [INDEXED_VALUE_TYPE_KEYWORD, 'Keyword'],
    [INDEXED_VALUE_TYPE_INT, 'Int'],
  ]);
  return Object.fromEntries(
    Object.entries(customAttributes ?? {}).map(([name, type]) => [name, names.get(type) ?? `number ${type}`]),
  );
}

async function readPollers(connection: Connection, namespace: string, name: string): Promise<Pollers> {
  const read = async (taskQueueType: number) => {
    const { pollers } = await connection.workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name },
      taskQueueType,
    });
    return (pollers ?? []).map(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1_000);
  };
  return { workflow: await read(TASK_QUEUE_TYPE_WORKFLOW), activity: await read(TASK_QUEUE_TYPE_ACTIVITY) };
}
