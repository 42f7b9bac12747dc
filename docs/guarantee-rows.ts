import { capabilitiesOf, type Capabilities } from '../model/capabilities';
import { guaranteeNames, guaranteesOf, promiseOf } from '../model/guarantees';
import { storeSchema, storeTypes, type StoreDefinition } from '../model/pipeline-file';
import { markdownTable } from './table';

/** A definition of each type there is: capabilities may depend on more than the type, so the plainest one. */
function plainDefinitions(): StoreDefinition[] {
  const common = { url: { env: 'URL' }, tables: { 'public.any': {} } };
  const places = { postgres: { schema: 'any' }, elasticsearch: { index: 'any' }, redis: {} };
  return storeTypes.map((type) => storeSchema.parse({ ...common, type, ...places[type] }));
}

/** What each guarantee is, and which kind of store gives it as it comes. */
export function guaranteesTable(): string {
  const definitions = plainDefinitions();
  const sheets = definitions.map((definition) => {
    const circumstances = { logCopies: 3, parks: false, readsAtSource: false, losses: [] };
    const lines = guaranteesOf({ capabilities: capabilitiesOf(definition), ...circumstances });
    return new Map(lines.map(({ guarantee, verdict }) => [guarantee, verdict === 'given' ? 'yes' : 'no']));
  });
  return markdownTable(
    ['guarantee', 'what it promises', ...definitions.map(({ type }) => type)],
    guaranteeNames.map((name) => [`\`${name}\``, promiseOf(name), ...sheets.map((sheet) => sheet.get(name) ?? '')]),
  );
}

const captions: Readonly<Record<keyof Capabilities, string>> = {
  offsetsWithData: 'offsets with data',
  transactionConsistent: 'transaction-consistent',
  versions: 'versions compared',
  dedupeHorizonSeconds: 'dedupe horizon',
  fence: 'fence',
  atomicPromote: 'atomic promote',
  acceptanceRecord: 'readable record',
  durability: 'durable',
};

export function capabilitiesTable(): string {
  const definitions = plainDefinitions();
  const declared = definitions.map(capabilitiesOf);
  return markdownTable(
    ['capability', ...definitions.map(({ type }) => type)],
    Object.entries(captions).map(([key, caption]) => [
      caption,
      ...declared.map((each) => told(each[key as keyof Capabilities], key as keyof Capabilities)),
    ]),
  );
}

function told(value: Capabilities[keyof Capabilities], key: keyof Capabilities): string {
  if (key === 'dedupeHorizonSeconds') return value === null ? 'not needed' : `${value} s`;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return String(value);
}
