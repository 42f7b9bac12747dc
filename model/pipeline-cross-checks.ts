import { suggest } from './did-you-mean';
import { finding, type Finding } from './finding';
import { judgeRequirements, type Promising } from './judge-guarantees';
import { isReservedStoreName, parkedTopic, sameToKafka, tableTopic } from './names';
import type { StoreDefinition } from './pipeline-file';
import { checkMappings } from './mapping-cross-checks';
import { mayPark, poisonRules } from './poison';
import { storePlace } from './store-place';

interface File extends Promising {
  readonly source: Promising['source'] & { readonly tables: readonly string[]; readonly messages: readonly string[] };
  readonly stores: Readonly<Record<string, StoreDefinition>>;
}

/** What no single place of the file can show: names that meet, and names that lead nowhere. */
export function crossCheck(file: File): Finding[] {
  const { source, stores } = file;
  return [
    ...twice('source.tables', source.tables),
    ...alike(source.tables),
    ...twice('source.messages', source.messages),
    ...parkedAlike(stores, source.tables),
    ...samePlace(stores),
    ...Object.entries(stores).flatMap(([name, definition]) => checkStore(name, definition, source.tables)),
    ...Object.entries(stores).flatMap(([store, definition]) =>
      judgeRequirements({ pipeline: file, store, definition, losses: null }),
    ),
  ];
}

function twice(where: string, names: readonly string[]): Finding[] {
  const repeated = names.filter((name, index) => names.indexOf(name) !== index);
  return [...new Set(repeated)].map((name) =>
    finding('named-twice', { where, what: `named twice: ${name}.`, cure: 'Remove one of the two.' }),
  );
}

/** `app.log_events` and `app_log.events`: whichever came second could not be created. */
function alike(tables: readonly string[]): Finding[] {
  return tables.flatMap((table, index) => {
    const topic = tableTopic('', table);
    const other = tables.slice(0, index).find((each) => each !== table && sameToKafka(tableTopic('', each), topic));
    if (other === undefined) return [];
    return finding('topics-alike', {
      where: 'source.tables',
      what: `the topics of ${other} and ${table} differ in nothing but dots and underscores.`,
      cure: 'Capture one of the two in a pipeline of its own, with another log.prefix.',
    });
  });
}

/** What a store parks would stand among the changes of the table `<store>.parked`. */
function parkedAlike(stores: File['stores'], tables: readonly string[]): Finding[] {
  return Object.entries(stores).flatMap(([store, definition]) => {
    const topic = parkedTopic('', store);
    const table = tables.find((each) => sameToKafka(tableTopic('', each), topic));
    if (table === undefined || !mayPark(poisonRules(definition))) return [];
    const what = `the topic of the records it parks would be that of the table ${table}.`;
    return finding('topics-alike', { where: `stores.${store}`, what, cure: 'Give the store another name.' });
  });
}

/** Two stores of one type, variable and schema (or index, or key) are one place, and each would drop the other's generations. */
function samePlace(stores: File['stores']): Finding[] {
  const places = new Map<string, string>();
  return Object.entries(stores).flatMap(([name, definition]) => {
    const { key, name: value } = storePlace(name, definition);
    const place = JSON.stringify([definition.type, definition.url.env, value]);
    const other = places.get(place);
    places.set(place, other ?? name);
    if (other === undefined) return [];
    const what = `'${value}' at ${definition.url.env} is already the place of store ${other}.`;
    return [finding('named-twice', { where: `stores.${name}.${key}`, what, cure: `Give it a ${key} of its own.` })];
  });
}

function checkStore(store: string, definition: StoreDefinition, captured: readonly string[]): Finding[] {
  const found: Finding[] = [];
  if (isReservedStoreName(store)) {
    found.push(
      finding('reserved-name', {
        where: `stores.${store}`,
        what: 'this name is reserved.',
        cure: 'Choose another.',
      }),
    );
  }
  for (const table of Object.keys(definition.tables)) {
    if (captured.includes(table)) continue;
    const where = `stores.${store}.tables.${table}`;
    const cure = suggest(table, captured, 'Add it there or remove it here.');
    found.push(finding('table-not-captured', { where, what: 'not among source.tables.', cure }));
  }
  found.push(...checkMappings(store, definition));
  return found;
}
