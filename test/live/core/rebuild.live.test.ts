import '../../support/load-ahead';
import { join } from 'node:path';
import {
  newReplicaExpectations,
  newReplicaTables,
  newSearchExpectations,
  newSearchTables,
  replicaExpectations,
  searchExpectations,
} from '../../support/expectations';
import type { CrashPoint } from '../../support/misdeeds';
import { announceSeed } from '../../support/random';
import { untilRead, type PollingReader } from '../../support/readers';
import { pollIndex, pollReplica, touchWatched } from '../../support/rebuild-readers';
import { isFound } from '../../support/index-contents';
import { openScenario, type Scenario } from '../../support/scenario';
import { expectEqual, settle, untilLive, untilRebuilt } from '../../support/settle';
import { temporalCli } from '../../support/temporal-cli';
import { waitFor } from '../../support/wait';
import { runWorkload } from '../../support/workload';

jest.setTimeout(1_500_000);

type Phase = 'building' | 'aligning' | 'promoting';

/**
 * Where a worker dies in each phase: behind the creation of the next generation; at the end of a lane's slice, when the
 * lanes are brought to one place (the first such end is the building lane's); before the switch.
 */
const deaths: Readonly<Record<Phase, { readonly point: CrashPoint; readonly passing: number }>> = {
  building: { point: 'generation.after-prepare', passing: 1 },
  aligning: { point: 'lane.before-slice-end', passing: 2 },
  promoting: { point: 'generation.before-promote', passing: 1 },
};

interface Rebuild {
  readonly store: 'replica' | 'search';
  readonly newDefinition: boolean;
  readonly phase: Phase;
}

const every: readonly Rebuild[] = (['replica', 'search'] as const).flatMap((store) =>
  [false, true].flatMap((newDefinition) =>
    (['building', 'aligning', 'promoting'] as const).map((phase) => ({ store, newDefinition, phase })),
  ),
);

/** Each phase, store and kind of definition once; all twelve with SLIPSTREAM_TEST_FULL. */
const chosen = process.env['SLIPSTREAM_TEST_FULL']
  ? every
  : every.filter(({ store, newDefinition, phase }) =>
      store === 'replica'
        ? newDefinition
          ? phase === 'aligning'
          : phase === 'building'
        : newDefinition
          ? phase === 'promoting'
          : phase === 'aligning',
    );

function definitionOf({ pipeline }: Scenario, { store, newDefinition }: Rebuild): object {
  const tables = store === 'replica' ? newReplicaTables : newSearchTables;
  return newDefinition ? { definition: { ...pipeline.stores[store], tables } } : {};
}

/** Seconds from a commit to its being seen by readers of the store, the longest of those sampled. */
function watchLag(scenario: Scenario, store: Rebuild['store'], signal: AbortSignal): Promise<number> {
  const { source, replica, schema, alias, elasticsearchUrl } = scenario;
  const visible = async (id: number) =>
    store === 'replica'
      ? (await replica.query(`select 1 from "${schema}".entries where id = $1`, [id])).length === 1
      : isFound(elasticsearchUrl, alias, `entries/${id}`);
  const sample = async (): Promise<number> => {
    let longest = 0;
    for (let at = 1; !signal.aborted; at += 1) {
      const id = -5_000_000 - at - Date.now();
      await source.query(`insert into entries values ($1, 1, 1, 'fee', 'lag')`, [id]);
      const written = Date.now();
      await waitFor({ what: 'a row of the lag probe', seconds: 90, look: () => visible(id), until: (seen) => seen });
      longest = Math.max(longest, Date.now() - written);
    }
    return longest / 1000;
  };
  return sample();
}

it.concurrent.each(chosen)(
  'rebuild of $store (new definition: $newDefinition) under writes, the worker killed while $phase',
  async (rebuild) => {
    const { store, newDefinition, phase } = rebuild;
    const seed = announceSeed(`rebuild of ${store} killed while ${phase}`);
    // Slices that end by the clock before the lanes are aligned would count as the end that a worker is to die at.
    const scenario = await openScenario({ slice: { seconds: 60 }, recordVersions: false });
    const ended = new AbortController();
    let polling: PollingReader | undefined;
    try {
      const first = await scenario.startWorker();
      await scenario.startSync();
      await untilLive(scenario, 90);
      await first.end('SIGTERM');
      const marker = join(scenario.folder, phase);
      const dying = await scenario.startWorker({ crash: { ...deaths[phase], marker, signal: 'SIGKILL' } });
      const reader = (polling = store === 'replica' ? pollReplica(scenario) : pollIndex(scenario));
      const writing = Promise.all([
        touchWatched(scenario, ended.signal),
        runWorkload({
          ...{ source: scenario.source, seed, changes: 1e9, changesPerSecond: 200, largest: 200 },
          signal: ended.signal,
        }),
      ]);
      const lag = watchLag(scenario, store, ended.signal);
      const order = { store, reason: `killed while ${phase}`, ...definitionOf(scenario, rebuild) };
      await temporalCli(scenario, [
        ...['workflow', 'signal', '-w', `sync/${scenario.name}`, '--name', 'rebuild', '--input', JSON.stringify(order)],
      ]);
      expect(await dying.death(90)).toBe('SIGKILL');
      await scenario.startWorker();
      await untilRebuilt(scenario, store, 2);
      await untilRead(reader, 200);
      ended.abort();
      await writing;
      process.stderr.write(`rebuild of ${store}, killed while ${phase}: longest lag ${await lag} s\n`);
      await settle(scenario, 60);
      await reader.stop();
      expect(reader.violations).toEqual([]);
      await expectEqual(scenario, {
        replica: store === 'replica' && newDefinition ? newReplicaExpectations : replicaExpectations,
        search: store === 'search' && newDefinition ? newSearchExpectations : searchExpectations,
      });
    } finally {
      ended.abort();
      await polling?.stop();
      await scenario.close();
    }
  },
);
