import { createPending, type Pending, type Unit } from '../../../capture/pending';
import { readChunk } from '../../../capture/copy/chunk';
import { joined, type RecordSupply } from '../../../stream/supply';
import { waitFor } from '../../support/wait';
import { copied, flush, fold, table, truth, withRows } from './items';
import { closeSources, type Source } from './source';

jest.setTimeout(180_000);
afterEach(closeSources);

const rows = 6_000;
const chunkRows = 500;

/** What is appended in the place of a unit of chunks. `more` takes what waits behind them. */
type Spoil = (taken: { readonly unit: Unit; readonly supplies: RecordSupply[]; readonly more: () => Unit }) => Unit[];

interface Watched {
  readonly pending: Pending;
  /** Chunks that the copy has given, and changes that the stream has. */
  readonly chunks: number;
  readonly changes: number;
  /** How many chunks each append of the copy had. */
  readonly together: number[];
}

function watched(spoil: Spoil = ({ unit }) => [unit]): Watched {
  const real = createPending();
  const supplies: RecordSupply[] = [];
  const together: number[] = [];
  let [chunks, changes] = [0, 0];
  let spoilt: Unit[] = [];
  function takeFrom(options: Parameters<Pending['take']>[0]) {
    const unit = real.take(options);
    return { unit, supplies: supplies.splice(0, unit?.copy?.chunks ?? 0) };
  }
  const pending = Object.assign(Object.create(real) as Pending, {
    addChange(...change: Parameters<Pending['addChange']>) {
      changes += 1;
      real.addChange(...change);
    },
    addChunk(...chunk: Parameters<Pending['addChunk']>) {
      chunks += 1;
      supplies.push(chunk[0]);
      real.addChunk(...chunk);
    },
    take(options: Parameters<Pending['take']>[0]) {
      const next = spoilt.shift();
      if (next) return next;
      const { unit, supplies: taken } = takeFrom(options);
      if (!unit?.copy) return unit;
      together.push(unit.copy.chunks);
      const more = () => {
        const behind = takeFrom({ positionOnly: false });
        if (!behind.unit) throw new Error('Nothing waits behind the chunk.');
        taken.push(...behind.supplies);
        return behind.unit;
      };
      spoilt = spoil({ unit, supplies: taken, more });
      return spoilt.shift() ?? null;
    },
  });
  return {
    ...{ pending, together },
    get chunks() {
      return chunks;
    },
    get changes() {
      return changes;
    },
  };
}

/**
 * The first append has the first chunk and waits until others are ready behind it; the session dies at the third append. Another one goes on to the end.
 * `update`: a row of the first chunk is written to between the second and the third.
 */
async function interrupted({ spoil, update = false }: { spoil?: Spoil; update?: boolean } = {}) {
  const source = await withRows(rows, chunkRows);
  const seen = watched(spoil);
  const becomes = (what: string, look: () => boolean) =>
    waitFor({ what, seconds: 30, everyMs: 5, look: async () => look(), until: (yes) => yes });
  let appends = 0;
  let mayBeRead = chunkRows;
  source.log.beforeAppend = async (records) => {
    if (records.length === 0) return;
    appends += 1;
    if (appends === 3) throw new Error('killed');
    if (appends > 1) return;
    mayBeRead = update ? 2 * chunkRows : Infinity;
    if (update) {
      await becomes('the second chunk to be ready', () => seen.chunks === 2);
      await source.sql.query('update items set revision = 2 where id = 7');
      await becomes('the update to be streamed', () => seen.changes === 1);
      mayBeRead = Infinity;
    }
    await becomes('chunks to be ready behind the first', () => seen.chunks >= (update ? 3 : 4));
  };
  const first = await source.capture({
    pending: () => seen.pending,
    readChunk: async (client, request) => {
      await becomes('its turn', () => Number(request.after?.['id'] ?? 0) < mayBeRead);
      return readChunk(client, request);
    },
  });
  await expect(first.ended).rejects.toThrow('killed');
  await first.stop().catch(() => undefined);
  source.log.beforeAppend = async () => undefined;
  const second = await source.capture();
  await source.log.until(() => copied(source), 'the copy');
  await flush(source);
  await second.stop();
  return { source, together: seen.together };
}

const readIds = ({ log }: Source) =>
  log.changes
    .filter(({ operation }) => operation === 'read')
    .map(({ key }) => Number(key['id']))
    .sort((left, right) => left - right);

const all = Array.from({ length: rows }, (_, at) => at + 1);

describe('chunks that join in one append', () => {
  it('are all in the log when it says so: after a death behind it each row has come once', async () => {
    const { source, together } = await interrupted();
    expect(together[1]).toBeGreaterThanOrEqual(3);
    expect(readIds(source)).toEqual(all);
    expect(source.log.last?.copies[table]).toMatchObject({ done: true, rows });
  });

  it('control: an append with the cursor of a chunk that comes with the next loses it', async () => {
    const { source } = await interrupted({
      spoil: ({ unit, supplies: [first, ...others] }) =>
        first && others.length > 0 ? [first, joined(others)].map((records) => ({ ...unit, records })) : [unit],
    });
    expect(readIds(source)).not.toEqual(all);
    expect(readIds(source).slice(0, 2 * chunkRows)).toEqual(all.slice(0, 2 * chunkRows));
    expect(readIds(source)[2 * chunkRows]).toBeGreaterThan(3 * chunkRows);
  });

  it('control: an append that leaves out a chunk it has taken loses it', async () => {
    const { source } = await interrupted({
      spoil: ({ unit, supplies: [first, ...others] }) => [
        { ...unit, records: others.length > 0 ? joined(others) : (first ?? unit.records) },
      ],
    });
    expect(readIds(source)).toEqual([...all.slice(0, chunkRows), ...all.slice(2 * chunkRows)]);
  });

  it('stay apart where a change stands between them: a death behind the first costs no change', async () => {
    const { source, together } = await interrupted({ update: true });
    expect(together.slice(0, 2)).toEqual([1, 1]);
    expect(fold(source.log.changes)).toEqual(await truth(source));
  });

  it('control: joined across it they claim its position, and the change is lost', async () => {
    const { source } = await interrupted({
      update: true,
      spoil: ({ unit, supplies, more }) => {
        if (unit.copy?.cursor.rows !== 2 * chunkRows) return [unit];
        const change = more();
        const last = more();
        const copy = last.copy && { ...last.copy, chunks: 2 };
        return [{ ...last, records: joined(supplies), changes: unit.changes + last.changes, copy }, change];
      },
    });
    const [there, folded] = [await truth(source), fold(source.log.changes)];
    expect([there.get(7), folded.get(7)]).toEqual([2, 1]);
  });
});
