import type { FollowSliceInput } from './activities';
import type { Deps } from './deps';

type LastPosition = NonNullable<Awaited<ReturnType<Deps['readLastPosition']>>>;

/** While waiting for the copies, how often the end of the log is asked for. */
const checkMs = 1_000;

/**
 * A record of the log by which every table of a generation is copied. The log's own last record is asked, because a quiet
 * source sends nothing from which a lane could learn that the last copy is done; and it is found once, because under steady
 * writes there is always a newer one.
 */
export class LastCopy {
  private found: LastPosition | null = null;
  private checked = -Infinity;

  constructor(
    private readonly deps: Pick<Deps, 'clock' | 'readLastPosition'>,
    private readonly input: Pick<FollowSliceInput, 'pipeline' | 'generation'>,
  ) {}

  /** Null: there is none yet, or it was asked for less than a second ago. */
  async find(): Promise<LastPosition | null> {
    if (this.found !== null || this.deps.clock() - this.checked < checkMs) return this.found;
    this.checked = this.deps.clock();
    const last = await this.deps.readLastPosition(this.input.pipeline);
    const tables = Object.keys(this.input.generation.definition.tables);
    if (last && tables.every((table) => last.record.copies[table]?.done === true)) this.found = last;
    return this.found;
  }
}
