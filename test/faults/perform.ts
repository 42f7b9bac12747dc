import { join } from 'node:path';
import { attachedStack } from '../support/project';
import type { Scenario } from '../support/scenario';
import { settle } from '../support/settle';
import type { WorkerProcess } from '../support/worker-process';
import type { Fault } from './plan';

/** Longest time a worker may take to reach its crash point, and a pipeline to be whole again after a fault. */
const patienceSeconds = 180;

/**
 * Does one thing to the pipeline while changes flow, and resolves when everything written up to then has come through
 * all the same. Throws, with the evidence, when it has not.
 */
export async function perform(scenario: Scenario, fault: Fault, at: number): Promise<void> {
  switch (fault.kind) {
    case 'crash':
      await crash(scenario, fault, at);
      break;
    case 'kill':
      await current(scenario).end('SIGKILL');
      await scenario.startWorker();
      break;
    case 'terminate': {
      const old = current(scenario);
      await scenario.startWorker();
      await old.end('SIGTERM');
      break;
    }
    case 'freeze': {
      const old = current(scenario);
      old.signal('SIGSTOP');
      await scenario.startWorker();
      await settle(scenario, patienceSeconds);
      old.signal('SIGCONT');
      await settle(scenario, patienceSeconds);
      await old.end('SIGKILL');
      break;
    }
    case 'server': {
      const server = attachedStack().servers[fault.part];
      await (fault.how === 'kill' ? server.kill() : server.stop());
      // Drawn, and part of the fault: for how long it is away decides which of our own limits it meets.
      await new Promise((resolve) => setTimeout(resolve, fault.seconds * 1000));
      await server.start();
    }
  }
  await settle(scenario, patienceSeconds);
}

/**
 * Kills one worker after the other in the copy. Nobody comes to the end of it in between: the next one's point would
 * never be passed.
 */
export async function interruptCopy(scenario: Scenario, fault: Fault, at: number): Promise<void> {
  if (fault.kind !== 'crash') return;
  const worker = await dyingWorker(scenario, fault, at);
  if (at === 0) await scenario.startSync();
  await worker.death(patienceSeconds);
}

/** A worker that will die there takes the place of the present one; another one follows it. */
async function crash(scenario: Scenario, fault: Extract<Fault, { kind: 'crash' }>, at: number): Promise<void> {
  const { point } = fault;
  await scenario.workers.at(-1)?.end('SIGTERM');
  const worker = await dyingWorker(scenario, fault, at);
  if (point.startsWith('generation.')) {
    const store = ['replica', 'search', 'cache'][at % 3];
    await scenario.client.workflow.getHandle(`sync/${scenario.name}`).signal('rebuild', { store, reason: point });
  }
  await worker.death(patienceSeconds);
  await scenario.startWorker();
}

function dyingWorker(scenario: Scenario, fault: Extract<Fault, { kind: 'crash' }>, at: number): Promise<WorkerProcess> {
  const { point, passing } = fault;
  const marker = join(scenario.folder, `${at}-${point}`);
  return scenario.startWorker({ crash: { point, passing, marker, signal: 'SIGKILL' } });
}

function current(scenario: Scenario): WorkerProcess {
  const worker = scenario.workers.at(-1);
  if (!worker) throw new Error('No worker has been started.');
  return worker;
}
