import type { FakeWorld } from './fake-world';
import { openTemporal, Scenario, type TemporalForTests } from './temporal';

/**
 * For the top of a test file: one server and one bundle for all of its tests, and for each of them a scenario that `begin`
 * brings to where they start. Behind each test its scenario is closed, which replays what has happened, and nothing that
 * readers must never see has been seen.
 *
 * Returns what opens another scenario on the same server, whose workers the test itself stops.
 */
export function scenarioPerTest(begin: (scenario: Scenario) => Promise<void> | void): (world: FakeWorld) => Scenario {
  // Longer than the longest test: a bound finds what hangs, not what is slow.
  jest.setTimeout(540_000);
  let temporal: TemporalForTests;
  let scenario: Scenario;
  beforeAll(async () => {
    temporal = await openTemporal();
  });
  afterAll(() => temporal.close());
  beforeEach(async () => {
    scenario = new Scenario(temporal);
    await begin(scenario);
  });
  afterEach(async () => {
    await scenario.close();
    expect(scenario.world.violations).toEqual([]);
  });
  return (world) => new Scenario(temporal, world);
}
