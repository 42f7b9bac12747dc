import { capabilitiesOf } from '../../model/capabilities';
import { InvalidConfig } from '../../model/errors';
import type { Generation, Lane, Store, StoreContext } from '../store';
import { connectTo, type Connect } from './connection';
import { extendTable, fitVersion } from './fit';
import { dropGeneration, prepareGeneration } from './generation';
import { inspect } from './inspection';
import { LaneWriter } from './lane';
import { ParallelWriter, type Writer } from './parallel';
import { promoteGeneration } from './promotion';
import { Scanner } from './scan';
import type { Site } from './site';

/** What a test may put in another's place: everything the store says to the server goes through `connect`. */
export interface PostgresParts {
  readonly connect: Connect;
}

/**
 * A PostgreSQL database that follows the log: the source's own server or another. Readers use the views of schema
 * `<schema>`; each generation has tables and record in `<schema>_g<number>`. Connections are made when first needed.
 */
export function openPostgresStore(context: StoreContext, { connect }: PostgresParts = { connect: connectTo }): Store {
  const site = createSite(context, connect);
  const writers = new Map<string, Writer>();
  const scanners = new Map<number, Scanner>();

  const { parallel } = site.definition;

  const writerOf = (generation: Generation, lane: Lane): Writer => {
    const key = writerKey(generation, lane);
    const existing = writers.get(key);
    if (existing) return existing;
    const writer =
      parallel === undefined
        ? new LaneWriter(site, generation, lane)
        : new ParallelWriter(site, generation, { lane, shares: parallel });
    writers.set(key, writer);
    return writer;
  };

  const scannerOf = (generation: Generation): Scanner => {
    const existing = scanners.get(generation.number);
    if (existing) return existing;
    const scanner = new Scanner(site, generation);
    scanners.set(generation.number, scanner);
    return scanner;
  };

  return {
    capabilities: capabilitiesOf(context.definition),

    batchesAtOnce: 1,
    gatherMs: 0,
    inspect: () => inspect(site),
    prepare: (generation) => prepareGeneration(site, generation),
    acquire: (generation, lane, owner) => writerOf(generation, lane).acquire(owner),
    apply: (generation, batch, signal) => writerOf(generation, batch.lane).apply(batch, signal),
    fit: (generation, table) => fitVersion(site, generation, table),
    async extend(generation, table, names) {
      // A writer knows the columns from when it connected.
      for (const [key, writer] of writers) {
        if (!key.startsWith(`[${generation.number},`)) continue;
        writers.delete(key);
        await writer.close();
      }
      await extendTable(site, generation, { table, names });
    },
    release: async (generation, lane) => writers.get(writerKey(generation, lane))?.release(),
    scan: (generation, range, limit) => scannerOf(generation).page(range, limit),
    promote: (generation) => promoteGeneration(site, generation),
    drop: (generation) => dropGeneration(site, generation),
    async close() {
      await Promise.all([...writers.values(), ...scanners.values()].map((each) => each.close()));
      writers.clear();
      scanners.clear();
    },
  };
}

function createSite({ pipeline, store, definition, url, catalogue }: StoreContext, connect: Connect): Site {
  const what = `Store ${pipeline}/${store} (PostgreSQL)`;
  if (definition.type !== 'postgres') throw new InvalidConfig(`${what}: its definition is of type ${definition.type}.`);
  return { pipeline, store, schema: definition.schema, definition, catalogue, url, connect, what };
}

function writerKey({ number, mappingHash, logId }: Generation, { index }: Lane): string {
  return JSON.stringify([number, mappingHash, logId, index]);
}
