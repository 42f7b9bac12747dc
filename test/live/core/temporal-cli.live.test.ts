import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openScenario, type Scenario } from '../../support/scenario';
import { expectEqual, settle, untilLive } from '../../support/settle';
import { temporalCli } from '../../support/temporal-cli';

jest.setTimeout(360_000);

/** The pinned line, with this test's own names. */
async function startByCli(scenario: Scenario, file: object): Promise<void> {
  const path = join(scenario.folder, 'pipeline.json');
  writeFileSync(path, JSON.stringify(file));
  await temporalCli(scenario, [
    ...['workflow', 'start', '--type', 'sync', '--task-queue', scenario.taskQueue],
    ...['--workflow-id', `sync/${scenario.name}`, '--input-file', path],
  ]);
}

it('started, asked and described by the Temporal CLI', async () => {
  const scenario = await openScenario({ recordVersions: false });
  try {
    await scenario.startWorker();
    await startByCli(scenario, scenario.pipeline);
    await untilLive(scenario, 90);
    await settle(scenario, 60);
    await expectEqual(scenario);
    const workflow = ['-w', `sync/${scenario.name}`];
    expect(await temporalCli(scenario, ['workflow', 'query', ...workflow, '--type', 'status'])).toContain('LIVE');
    const metadata = await temporalCli(scenario, ['workflow', 'metadata', ...workflow, '-o', 'json']);
    for (const name of ['pause', 'resume', 'retry', 'stop', 'rebuild', 'status', 'offsets', 'errors', 'help']) {
      expect(metadata).toContain(`"${name}"`);
    }
    expect(metadata).toContain('{\\"store\\":\\"search\\",\\"reason\\":\\"new mapping\\"}');
    await temporalCli(scenario, ['workflow', 'signal', ...workflow, '--name', 'stop']);
    await scenario.client.workflow.getHandle(`sync/${scenario.name}`).result();
  } finally {
    await scenario.close();
  }
});

it('a wrong file is refused at once, with the place and the reason', async () => {
  const scenario = await openScenario({ recordVersions: false });
  try {
    await scenario.startWorker();
    await startByCli(scenario, { ...scenario.pipeline, source: { ...scenario.pipeline.source, tables: ['nonsense'] } });
    const result = scenario.client.workflow.getHandle(`sync/${scenario.name}`).result();
    await expect(result).rejects.toMatchObject({
      cause: { type: 'InvalidConfig', message: expect.stringContaining('source.tables') as string },
    });
  } finally {
    await scenario.close();
  }
});
