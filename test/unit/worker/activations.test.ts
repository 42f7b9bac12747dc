import { noopMetricMeter } from '@temporalio/common';
import { DefaultLogger } from '@temporalio/worker';
import { compileWorkerOptions } from '@temporalio/worker/lib/worker-options';
import { patientActivations } from '../../../worker/activations';

const compiled = (options: object) =>
  compileWorkerOptions({ taskQueue: 'any', ...options }, new DefaultLogger('ERROR'), noopMetricMeter);

test('an activation may take an hour of wall time: a process that stood still is not ended for it', () => {
  expect(compiled(patientActivations).isolateExecutionTimeoutMs).toBe(3_600_000);
});

test('control: by itself the SDK gives it seconds', () => {
  expect(compiled({}).isolateExecutionTimeoutMs).toBe(5_000);
});
