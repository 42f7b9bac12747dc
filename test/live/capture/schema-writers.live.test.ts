import type { CaptureParts } from '../../../capture/session';
import { judgeTableChange } from '../../../capture/table-change';
import type { Row, Value } from '../../../model/change';
import { drawTableChange, tableChangeKinds, valueOf, type Shape, type TableChange } from '../../soak/table-changes';
import { announceSeed, seeded, type Random } from '../../support/random';
import { waitFor } from '../../support/wait';
import { closeSources, createSource, type Source } from './source';

jest.setTimeout(300_000);
afterEach(closeSources);

const table = 'public.sheets';
const changes = Number(process.env['SLIPSTREAM_TEST_TABLE_CHANGES'] ?? 20);

/** Writes rows of the layout that the table has by then; one that has gone meanwhile costs the transaction, as it would. */
async function write(source: Source, shape: () => Shape, { random, signal }: { random: Random; signal: AbortSignal }) {
  const client = await source.connect();
  const one = 'id = (select id from sheets order by random() limit 1)';
  try {
    while (!signal.aborted) {
      const column = random.pick(shape().columns);
      const statements = [
        `insert into sheets (title, ${column.name}) values ('new', ${valueOf(column)})`,
        `update sheets set ${column.name} = ${valueOf(column)} where ${one}`,
        `update sheets set title = 't' || floor(random() * 1000) where ${one}`,
        `delete from sheets where ${one}`,
      ];
      await client
        .query(`begin; ${random.pick(statements)}; ${random.pick(statements)}; commit`)
        .catch(() => client.query('rollback'));
    }
  } finally {
    await client.end();
  }
}

/** What the log has to make of it (docs/schema-changes.md). */
function expectedVerdict({ kind, clause }: TableChange): 'same' | 'goes-on' | 'copy' {
  if (kind === 'default') return 'same';
  if (kind === 'widen') return /type (varchar|text)/.test(clause) ? 'goes-on' : 'copy';
  return kind === 'add-filled' || kind === 'rename' ? 'copy' : 'goes-on';
}

const severity = ['same', 'goes-on', 'copy', 'blocked'];

test('a table changes again and again under four writers: every record is of its version, every verdict right', async () => {
  const random = seeded(announceSeed('schema writers'));
  const source = await createSource({
    statements: [
      'create table sheets (id int generated always as identity primary key, title text, sheets_1 smallint)',
      `insert into sheets (title) select 'first' from generate_series(1, 200)`,
    ],
    tables: [table],
    chunkRows: 50,
  });
  await source.prepare();
  let shape: Shape = { table: 'sheets', next: 2, columns: [{ name: 'sheets_1', type: 'smallint' }] };
  let verdicts: string[] = [];
  const judgeTable: CaptureParts['judgeTable'] = (before, now) => {
    const verdict = judgeTableChange(before, now);
    verdicts.push(verdict.kind);
    return verdict;
  };
  const running = await source.capture({ judgeTable });
  const isCopied = () => source.log.last?.copies[table]?.done === true;
  await source.log.until(isCopied, 'the first copy');
  const resting = new AbortController();
  const writing = Array.from({ length: 4 }, () =>
    write(source, () => shape, { random: random.fork(), signal: resting.signal }),
  );
  const seen: [string, string, string][] = [];
  try {
    for (let at = 0; at < changes; at += 1) {
      // A column stays to write to, and each kind comes at least once.
      const change = drawn(shape, random, tableChangeKinds[at]);
      verdicts = [];
      await source.sql.query(`alter table sheets ${change.clause}`);
      shape = change.after;
      const version = await versionNow(source);
      await source.log.until(() => source.log.last?.schemas?.[table] === version && isCopied(), change.clause);
      const worst = verdicts.reduce(
        (left, right) => (severity.indexOf(right) > severity.indexOf(left) ? right : left),
        'same',
      );
      seen.push([change.clause, worst, expectedVerdict(change)]);
    }
  } finally {
    resting.abort();
    await Promise.all(writing);
  }
  await source.sql.query(`insert into sheets (title) values ('the last')`);
  await source.log.until(() => source.log.changes.some(({ after }) => after?.['title'] === 'the last'), 'the last row');
  await source.log.until(isCopied, 'the last copy');
  await running.stop();
  expect(seen.filter(([, worst, expected]) => worst !== expected)).toEqual([]);
  for (const { after, schemaId } of source.log.changes) {
    const version = source.log.versions.get(schemaId ?? '');
    if (after !== null) expect(Object.keys(after).sort()).toEqual(version?.columns.map(({ name }) => name).sort());
  }
  expect(onLog(source, shape)).toEqual(await inSource(source, shape));
});

function drawn(shape: Shape, random: Random, kind: TableChange['kind'] | undefined): TableChange {
  for (;;) {
    const change = drawTableChange(shape, random);
    if (change.after.columns.length > 0 && (kind === undefined || change.kind === kind)) return change;
  }
}

/** The id of the version that the log keeps with just the columns of the catalogue. */
async function versionNow(source: Source): Promise<string> {
  const { rows } = await source.sql.query<{ columns: string }>(
    `select json_agg(json_build_array(attname, format_type(atttypid, atttypmod)) order by attnum)::text as columns
       from pg_attribute where attrelid = 'sheets'::regclass and attnum > 0 and not attisdropped`,
  );
  const text = JSON.stringify(JSON.parse(rows[0]?.columns ?? ''));
  const found = await waitFor({
    what: `the version ${text} on the log`,
    seconds: 30,
    look: () =>
      Promise.resolve(
        [...source.log.versions.values()].find(
          ({ columns }) => JSON.stringify(columns.map(({ name, type }) => [name, type])) === text,
        ),
      ),
    until: (version) => version !== undefined,
  });
  return found?.id ?? '';
}

const text = (row: Readonly<Record<string, Value>>, { columns }: Shape) =>
  ['id', 'title', ...columns.map(({ name }) => name)].map((name) =>
    (row[name] ?? null) === null ? null : String(row[name]),
  );

function onLog(source: Source, shape: Shape) {
  const rows = new Map<number, Row>();
  for (const { key, after } of source.log.changes) {
    if (after === null) rows.delete(Number(key['id']));
    else rows.set(Number(key['id']), after);
  }
  return [...rows].sort(([left], [right]) => left - right).map(([, row]) => text(row, shape));
}

/** As text: JSON's numbers would lose the zero of 1.10. */
async function inSource(source: Source, shape: Shape) {
  const columns = ['id', 'title', ...shape.columns.map(({ name }) => name)].map((name) => `${name}::text`);
  const { rows } = await source.sql.query<Record<string, string | null>>(
    `select ${columns.join(', ')} from sheets order by sheets.id`,
  );
  return rows.map((row) => text(row, shape));
}
