import type { PipelineFile } from '../../../model/pipeline';
import { parkedTopic } from '../../../model/names';
import type { Problem, StoreStatus } from '../../../model/status';
import { readParkedLines } from '../../../worker/deps';
import { searchExpectations, type Expectation } from '../../support/expectations';
import type { Scenario } from '../../support/scenario';
import type { StoreExpectations } from '../../support/settle';
import { waitFor } from '../../support/wait';

type StoreFile = PipelineFile['stores'][string];

/**
 * The pipeline of the scenario, with every store parking. The index is given what a row can be too much for: a field that
 * NaN cannot be converted to, and one that is narrower than its column.
 */
export function parking({ pipeline }: Scenario, maxParked = 50): PipelineFile {
  const poison = { decode: 'park', map: 'park', store: 'park', maxParked } as const;
  const stores = Object.entries(pipeline.stores).map(([name, store]): readonly [string, StoreFile] => {
    if (store.type !== 'elasticsearch') return [name, { ...store, poison }];
    const documents = store.tables['public.documents'];
    const tables = {
      ...store.tables,
      'public.documents': { ...documents, fields: { stars: { column: 'rating', to: 'number' as const } } },
    };
    return [name, { ...store, tables, fields: { balance: { type: 'integer' } }, poison }];
  });
  return { ...pipeline, stores: Object.fromEntries(stores) };
}

/** What the stores of `parking` hold once nothing is parked. */
export const expectations: StoreExpectations = {
  search: searchExpectations.map((one): Expectation =>
    one.target === 'documents' ? { ...one, columns: { ...one.columns, stars: 'rating' } } : one,
  ),
};

export const parkedIn = (status: StoreStatus | undefined) =>
  status?.generations.find(({ role }) => role === 'live')?.progress?.parked ?? { records: 0, rows: 0 };

export async function untilParked(scenario: Scenario, store: string, records: number): Promise<void> {
  await waitFor({
    what: `${records} parked records of ${store}`,
    seconds: 60,
    everyMs: 200,
    look: async () => parkedIn((await scenario.status()).stores[store]),
    until: (parked) => parked.records === records,
    evidence: () => scenario.evidence(),
  });
}

/** What stands on the topic: as `slipstream parked list` and `show` read it. */
export const parkedLines = ({ kafka, name }: Scenario, store: string) =>
  readParkedLines({ kafkaBrokers: [kafka], topic: parkedTopic(name, store) });

/** Of each row, what is wrong with it and how often it was tried; in the order of the rows' names. */
export async function faultsOf(scenario: Scenario, store: string) {
  const lines = (await parkedLines(scenario, store)).filter(({ reason }) => reason !== 'waits');
  return lines
    .map(({ row, reason, attempts, key, offset, generation }) => ({ row, reason, attempts, key, offset, generation }))
    .sort((left, right) => ((left.row ?? '') < (right.row ?? '') ? -1 : 1));
}

export const send = (scenario: Scenario, signal: 'parked' | 'rebuild' | 'retry', message: object) =>
  scenario.client.workflow.getHandle(`sync/${scenario.name}`).signal(signal, message);

/** What the store's workflow tells of parked records. */
export async function toldOf(scenario: Scenario, store: string): Promise<readonly Problem[]> {
  const all = await scenario.client.workflow
    .getHandle(`sync/${scenario.name}/${store}`)
    .query<readonly Problem[]>('errors');
  return all.filter(({ type }) => type === 'Parked');
}

/** From now on a generation of the replica takes no such owner. */
export const refuse = ({ replica, schema }: Scenario, generation = 1) =>
  replica.query(
    `alter table "${schema}_g${generation}".accounts add constraint sound check (owner not like 'poison%')`,
  );
export const mend = ({ replica, schema }: Scenario, generation = 1) =>
  replica.query(`alter table "${schema}_g${generation}".accounts drop constraint sound`);
