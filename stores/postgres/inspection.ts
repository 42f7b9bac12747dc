import { Unavailable } from '../../model/errors';
import type { Inspection } from '../store';
import { inTransaction, type Connection } from './connection';
import { reactionTo } from './errors';
import { generationPattern, qualified, recordTable } from './names';
import { readLive } from './readers';
import { parseRecord, selectRecords } from './record';
import { withConnection, type Site } from './site';

/** What exists, read at one moment. Changes nothing. */
export async function inspect(site: Site): Promise<Inspection> {
  return withConnection(site, (connection) =>
    inTransaction(
      connection,
      () => readInspection(connection, site),
      'begin isolation level repeatable read read only',
    ),
  );
}

async function readInspection(connection: Connection, site: Site): Promise<Inspection> {
  const { rows } = await connection.query({
    text: `select n.nspname as schema from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relname = $1 and c.relkind = 'r' and n.nspname ~ $2`,
    values: [recordTable, generationPattern(site.schema)],
  });
  const selects = rows.map(({ schema }) => `(${selectRecords(qualified(String(schema), recordTable))} where lane = 0)`);
  try {
    const records = selects.length === 0 ? [] : (await connection.query({ text: selects.join(' union all ') })).rows;
    const generations = records
      .map(parseRecord)
      .filter(({ pipeline, store }) => pipeline === site.pipeline && store === site.store)
      .sort((left, right) => left.number - right.number)
      .map(({ number, mappingHash, logId, definition, next, position, positionAt }) => ({
        ...{ number, mappingHash, logId, definition },
        ...{ next, position, positionAt },
      }));
    return { generations, live: await readLive(connection, site) };
  } catch (error) {
    if (reactionTo(error) !== 'gone') throw error;
    throw new Unavailable(`${site.what}: a generation was dropped while it was looked at. It is tried again.`);
  }
}
