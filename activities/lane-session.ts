import { readsBack } from '../model/pipeline';
import { storePlace } from '../model/store-place';
import type { FollowSliceInput } from './activities';
import { openAbsentColumns } from './absent-columns';
import type { Deps, LaneSession } from './deps';
import { ParkedIndex } from '../stream/parked-index';
import { generationOf, openStoreOf } from './generation';
import type { LogBatch } from '../stream/log';
import type { LaneName, LaneView } from './observer';
import { VersionGuard } from './version-guard';

/**
 * One warm session for each lane of each generation under one mapping, from one log. Where the store is and whom it asks are of the
 * file too: started again with the store elsewhere, a pipeline finds the session of a generation of the same number and mapping
 * warm, and would fill the place of before while the new one, empty, is promoted (Invariant 7).
 */
export function sessionKey({ pipeline, store, generation, lane }: FollowSliceInput): string {
  const { number, definition, mappingHash, logId } = generation;
  const place = [definition.type, definition.url, storePlace(store, definition).name];
  return JSON.stringify([pipeline.name, store, number, mappingHash, logId, lane, place, pipeline.source]);
}

/** Consumer and store of a lane; known to the observer until it is closed. */
export async function openLaneSession(deps: Deps, input: FollowSliceInput): Promise<LaneSession> {
  const { pipeline, store: name, generation, lane } = input;
  const store = openStoreOf(deps, { pipeline, store: name, definition: generation.definition });
  const opened: { close(): Promise<void> }[] = [store];
  try {
    const reader = await deps.openReader({
      pipeline,
      tables: Object.keys(generation.definition.tables),
      logId: generation.logId,
      clientId: `slipstream-${pipeline.name}-${name}-g${generation.number}-lane${lane}`,
    });
    opened.push(reader);
    const used = await deps.hasParked(pipeline, name);
    const open = () => deps.openRowReader(deps.secret(pipeline.source.url));
    const absent = openAbsentColumns(generation.definition, open);
    const session: LaneSession = {
      reader,
      store,
      absent,
      guard: new VersionGuard({
        store,
        generation: generationOf(pipeline, name, generation),
        definition: generation.definition,
        versions: () => deps.readVersions(pipeline),
        catalogue: () =>
          deps.surveyTables(
            deps.secret(pipeline.source.url),
            Object.keys(generation.definition.tables),
            readsBack(pipeline),
          ),
      }),
      parking: { index: new ParkedIndex(), used },
      inHand: null,
      async close() {
        gone();
        await Promise.all([reader.close(), store.close(), absent.close()]);
      },
    };
    const gone = deps.observer.laneOpened(laneName(input), () => viewOf(session));
    return session;
  } catch (error) {
    await Promise.all(opened.map((each) => each.close()));
    throw error;
  }
}

export function laneName({ pipeline, store, generation, lane }: FollowSliceInput): LaneName {
  return { pipeline: pipeline.name, store, generation: generation.number, lane };
}

/** The lag as it is, not as it was when a batch was last applied: a store that hangs is seen to fall behind. */
function viewOf({ reader, inHand, parking }: LaneSession): LaneView {
  const { records, oldestAt, caughtUp } = reader.ahead();
  const parked = parking.index.records;
  if (inHand === null) return { records, oldestAt, caughtUp, parked };
  return { records: records + inHand.records, oldestAt: inHand.oldestAt ?? oldestAt, caughtUp: false, parked };
}

/** What is in hand once the store has been handed one more piece, of so many records. */
export function withPiece(
  hand: LaneSession['inHand'],
  { count, closed, positionAt }: Pick<LogBatch, 'closed' | 'positionAt'> & { readonly count: number },
): LaneSession['inHand'] {
  return { records: (hand?.records ?? 0) + count, oldestAt: hand?.oldestAt ?? (closed ? positionAt : null) };
}
