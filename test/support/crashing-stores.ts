import type { Store, StoreContext } from '../../stores/store';
import { connect as connectElasticsearch, type Connection as Elasticsearch } from '../../stores/elasticsearch/client';
import { generationIndex, recordId } from '../../stores/elasticsearch/names';
import { openElasticsearchStore } from '../../stores/elasticsearch/store';
import { connectTo, type Answer, type Connect, type Statement } from '../../stores/postgres/connection';
import { moveOffsetsName } from '../../stores/postgres/record';
import { openPostgresStore } from '../../stores/postgres/store';
import { openRedisStore } from '../../stores/redis/store';
import type { Pass } from './crash-points';
import type { Sabotage } from './misdeeds';

/** A store with crash points around its calls and inside them, and without what is sabotaged. */
export function openCrashingStore(context: StoreContext, pass: Pass, sabotage: ReadonlySet<Sabotage>): Store {
  const { definition } = context;
  if (definition.type === 'postgres') {
    const store = openPostgresStore(context, { connect: crashingConnect(pass, sabotage) });
    return crashingStore(store, 'postgres', { pass, sabotage });
  }
  if (definition.type === 'redis') return crashingStore(openRedisStore(context), 'redis', { pass, sabotage });
  const behind = new Set<string>();
  const store = openElasticsearchStore(context, {
    connect: (url) =>
      crashingElasticsearch(connectElasticsearch(url), { pass, sabotage, index: definition.index, behind }),
  });
  return crashingStore(namingWhatIsBehind(store, behind), 'elasticsearch', { pass, sabotage });
}

/** Keeps in `behind` a document of the batch that was handed over behind another, while that is under way. */
function namingWhatIsBehind(store: Store, behind: Set<string>): Store {
  let underWay = 0;
  return {
    ...store,
    async apply(generation, batch, signal) {
      const [first] = batch.mutations;
      if (underWay > 0 && first) behind.add(JSON.stringify(first.id));
      underWay += 1;
      try {
        return await store.apply(generation, batch, signal);
      } finally {
        underWay -= 1;
        behind.clear();
      }
    },
  };
}

function crashingStore(
  store: Store,
  kind: 'postgres' | 'elasticsearch' | 'redis',
  { pass, sabotage }: { pass: Pass; sabotage: ReadonlySet<Sabotage> },
): Store {
  return {
    capabilities: store.capabilities,
    batchesAtOnce: store.batchesAtOnce,
    gatherMs: store.gatherMs,
    inspect: () => store.inspect(),
    fit: (generation, table) => store.fit(generation, table),
    extend: (generation, table, names) => store.extend(generation, table, names),
    async prepare(generation) {
      pass('generation.before-prepare');
      await store.prepare(generation);
      pass('generation.after-prepare');
    },
    async acquire(generation, lane, owner) {
      pass(`${kind}.before-acquire`);
      const acceptance = await store.acquire(generation, lane, owner);
      pass(`${kind}.after-acquire`);
      return acceptance;
    },
    async apply(generation, batch, signal) {
      if (batch.mutations.length > 0) pass(`${kind}.before-apply`);
      const live = batch.live && !sabotage.has('no-closed-points');
      const heard = sabotage.has('unaware') ? new AbortController().signal : signal;
      const applied = await store.apply(generation, { ...batch, live }, heard);
      if (batch.mutations.length > 0) pass(`${kind}.after-apply`);
      return applied;
    },
    async release(generation, lane) {
      pass('lane.before-slice-end');
      await store.release(generation, lane);
    },
    scan: (generation, range, limit) => store.scan(generation, range, limit),
    async promote(generation) {
      pass('generation.before-promote');
      await store.promote(generation);
      pass('generation.after-promote');
    },
    async drop(generation) {
      pass('generation.before-drop');
      await store.drop(generation);
      pass('generation.after-drop');
    },
    close: () => store.close(),
  };
}

function crashingConnect(pass: Pass, sabotage: ReadonlySet<Sabotage>): Connect {
  return async (options) => {
    const connection = await connectTo(options);
    let moved = false;
    let last: Promise<unknown> = Promise.resolve();
    const send = async (statement: Statement): Promise<Answer> => {
      if (statement.text === 'commit' && moved) {
        moved = false;
        pass('postgres.before-commit');
      }
      if (statement.name !== moveOffsetsName) return connection.query(statement);
      moved = true;
      const answer = await connection.query(sabotage.has('no-compare-and-set') ? unconditional(statement) : statement);
      if (sabotage.has('offsets-before-data')) {
        await connection.query({ text: 'commit' });
        pass('postgres.before-commit');
        await connection.query({ text: 'begin' });
      }
      return answer;
    };
    return {
      get usable() {
        return connection.usable;
      },
      query(statement) {
        // What is put between two statements goes before all that were sent ahead.
        if (!sabotage.has('offsets-before-data')) return send(statement);
        const answer = last.then(() => send(statement));
        last = answer.catch(() => undefined);
        return answer;
      },
      destroy: () => connection.destroy(),
      end: () => connection.end(),
    };
  };
}

/** The offsets move wherever they stood and whoever the owner is. The parameters stay, as they are numbered. */
function unconditional<S extends { readonly text: string }>(statement: S): S {
  return {
    ...statement,
    name: 'sabotaged',
    text: statement.text.replace(
      /where[^]*(?=returning)/,
      'where lane = $5 and $6::text || $7 || $8 || $9 is not null ',
    ),
  };
}

/** Data and record are bulk requests to the same alias; the record's holds its id. */
function crashingElasticsearch(
  connection: Elasticsearch,
  {
    pass,
    sabotage,
    index,
    behind,
  }: { pass: Pass; sabotage: ReadonlySet<Sabotage>; index: string; behind: ReadonlySet<string> },
): Elasticsearch {
  const marker = JSON.stringify(recordId({ index: 0 }));
  const postponed: (() => Promise<unknown>)[] = [];
  let written = false;
  return {
    async ask(call, signal) {
      const [alias] = call.path;
      if (call.path[1] !== '_bulk' || alias === undefined || call.lines === undefined) {
        return connection.ask(call, signal);
      }
      const number = alias.slice(`${index}-g`.length).split('-')[0];
      const sent = sabotage.has('no-write-alias')
        ? { ...call, path: [generationIndex(index, Number(number)), '_bulk'], query: {} }
        : call;
      const isRecord = call.lines.toString().startsWith(`{"index":{"_id":${marker}`);
      if (sabotage.has('offsets-before-data') && !isRecord && !call.lines.includes(marker)) {
        postponed.push(() => connection.ask(sent));
        return { status: 200, body: fabricated(call.lines.toString()) };
      }
      if (isRecord && written) {
        written = false;
        pass('elasticsearch.between-data-and-offsets');
      }
      if (!isRecord) written = true;
      const answer = await connection.ask(sent, signal);
      if ([...behind].some((id) => call.lines?.includes(id))) pass('elasticsearch.ahead-of-offsets');
      if (isRecord && postponed.length > 0) {
        pass('elasticsearch.between-data-and-offsets');
        for (const send of postponed.splice(0)) await send();
      }
      return answer;
    },
    close: connection.close,
  };
}

/** As if each item had been written. */
function fabricated(lines: string): unknown {
  const actions = lines.split('\n').filter((line) => /^\{"(index|delete)":\{"_id"/.test(line));
  return {
    errors: false,
    items: actions.map((line) => ({ [line.startsWith('{"d') ? 'delete' : 'index']: { status: 201, _seq_no: 0 } })),
  };
}
