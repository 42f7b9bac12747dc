/**
 * The SDK gives a workflow's code 5 s of wall time per activation. A process that stood still meanwhile (a paused machine,
 * SIGSTOP, far more load than cores) does not survive their end: Node finds its stack of async hooks corrupted and aborts, and all
 * slices of this worker with it (nodejs/node #38503, temporalio/sdk-typescript #939). What the bound is for is code that never ends; ours has
 * no loop that waits for nothing. The option is missing in the SDK's types; a test sees that it is taken.
 */
export const patientActivations = { isolateExecutionTimeout: '1h' } as const;
