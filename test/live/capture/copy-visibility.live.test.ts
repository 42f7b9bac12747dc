import { readChunk } from '../../../capture/copy/chunk';
import type { CaptureParts } from '../../../capture/session';
import { mustReadAgain } from '../../../capture/copy/snapshot';
import { lsnToText } from '../../../model/position';
import { holdCommits, type HeldCommits } from '../../support/held-commits';
import { waitFor } from '../../support/wait';
import { copied, flush, fold, setBack, table, truth, withRows } from './items';
import { closeSources, type Source } from './source';

jest.setTimeout(360_000);
afterEach(closeSources);

// Held there on purpose: the commit waits for a standby that does not exist.
describe('a commit that is decodable and not visible yet', () => {
  it('is known to the next session too, which is not streamed it again', async () => {
    const result = await acrossSessions({});
    expect(setBack(result.log.changes)).toEqual([]);
    expect(fold(result.log.changes)).toEqual(await truth(result));
  });

  it('control: without the snapshot check the row is set back for good', async () => {
    const result = await acrossSessions({ mustReadAgain: () => false });
    expect(setBack(result.log.changes)).toEqual(['7: read 1 after 2']);
    expect(fold(result.log.changes)).not.toEqual(await truth(result));
  });

  it('control: the same within one session', async () => {
    const source = await streamedThenRead({ checked: false });
    expect(setBack(source.log.changes)).toEqual([`${late}: read 1 after 2`]);
    expect(fold(source.log.changes)).not.toEqual(await truth(source));
  });

  it('within one session, a chunk read after the commit was streamed is read again', async () => {
    const source = await streamedThenRead({ checked: true });
    expect(setBack(source.log.changes)).toEqual([]);
    expect(fold(source.log.changes)).toEqual(await truth(source));
  });

  /** A row of the third chunk: while the first is appended the second is read, and the third is not yet. */
  const late = 207;

  /** That chunk's read is issued after the update of the row was streamed. */
  async function streamedThenRead({ checked }: { checked: boolean }): Promise<Source> {
    const source = await withRows(250, 100);
    let hasRow = false;
    const hold: { commits?: HeldCommits } = {};
    let issuedBehind = false;
    let read = false;
    source.log.beforeAppend = async (_records, closing) => {
      if (hold.commits || closing.copies[table] === undefined) return;
      hold.commits = await holdCommits(source.url);
      await hold.commits.commit(`update items set revision = 2 where id = ${late}`);
    };
    try {
      const running = await source.capture({
        readChunk: async (client, request) => {
          if (read) await hold.commits?.release();
          const after = Number(request.after?.['id'] ?? 0);
          hasRow = after < late && late <= after + request.limit;
          // On the log: all of the update was streamed, not its beginning only.
          issuedBehind = source.log.changes.some(({ operation, key }) => operation === 'update' && key['id'] === late);
          return readChunk(client, request);
        },
        mustReadAgain: (input) => {
          // Of the chunks before it no row is written, and they must not wait for the commit.
          if (!hasRow) return false;
          if (!issuedBehind) return true;
          read = true;
          return checked && mustReadAgain(input);
        },
      });
      await source.log.until(() => copied(source), 'the copy');
      await hold.commits?.release();
      await flush(source);
      await running.stop();
    } finally {
      await hold.commits?.release();
    }
    return source;
  }

  /** One session streams the update, another one reads the chunk. */
  async function acrossSessions(parts: Partial<CaptureParts>): Promise<Source> {
    const source = await withRows(100, 1_000);
    const never = new Promise<never>(() => undefined);
    const first = await source.capture({ readChunk: () => never });
    const held = await holdCommits(source.url);
    let reads = 0;
    try {
      await held.commit('update items set revision = 2 where id = 7');
      await source.log.until(() => source.log.changes.length === 1, 'the update');
      await untilConfirmed(source);
      await first.stop();
      const second = await source.capture({
        ...parts,
        readChunk: async (client, request) => {
          if ((reads += 1) === 3) await held.release();
          return readChunk(client, request);
        },
      });
      await source.log.until(() => copied(source), 'the copy');
      await held.release();
      await flush(source);
      await second.stop();
    } finally {
      await held.release();
    }
    return source;
  }
});

/** The slot stands at the log's end: nothing on the log is streamed again. */
async function untilConfirmed(source: Source): Promise<void> {
  await waitFor({
    what: "the slot to stand at the log's end",
    seconds: 20,
    look: () =>
      source.sql.query<{ passed: boolean }>(
        'select confirmed_flush_lsn >= $2::pg_lsn as passed from pg_replication_slots where slot_name = $1',
        [source.options.pipeline.source.slot, lsnToText(source.log.last?.position.lsn ?? '0')],
      ),
    until: ({ rows }) => rows[0]?.passed === true && source.log.last?.closed === true,
  });
}
