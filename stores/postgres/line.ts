import type { Connection } from './connection';
import { planSettings, readLayout, type TableLayout } from './layout';
import { generationSchema } from './names';
import type { Site } from './site';

/** A lane's connection, and the tables as they are, with the statements that write them. */
export interface Line {
  readonly connection: Connection;
  readonly layout: ReadonlyMap<string, TableLayout>;
}

/** Keeps one lane's line from slice to slice, and opens it anew when it broke. */
export class LineKeeper {
  private line: Line | null = null;

  constructor(
    private readonly site: Site,
    private readonly number: number,
    private readonly applicationName: string,
  ) {}

  get usable(): boolean {
    return this.line?.connection.usable ?? false;
  }

  /** As it was when it was last taken or renewed. */
  async taken(): Promise<Line> {
    // Asked for before the generation was prepared, a lane knows no tables: they are looked for again.
    return this.line?.connection.usable && this.line.layout.size > 0 ? this.line : this.read();
  }

  /**
   * With the tables as they are now: another process may have had the lane meanwhile, and given them columns. Statements
   * are prepared once per connection, so others are prepared on another one.
   */
  async renewed(): Promise<Line> {
    const before = this.line?.connection.usable ? this.line.layout : null;
    const line = await this.read();
    if (before === null || before.size === 0 || isSame(before, line.layout)) return line;
    await this.close();
    return this.read();
  }

  async close(): Promise<void> {
    const { line } = this;
    this.line = null;
    await line?.connection.end();
  }

  private async read(): Promise<Line> {
    const { applicationName, site } = this;
    const connection = this.line?.connection.usable
      ? this.line.connection
      : await site.connect({ url: site.url, applicationName, settings: planSettings });
    try {
      const layout = await readLayout(connection, generationSchema(site.schema, this.number));
      this.line = { connection, layout };
      return this.line;
    } catch (error) {
      await connection.end();
      throw error;
    }
  }
}

function isSame(before: Line['layout'], now: Line['layout']): boolean {
  const textOf = (layout: Line['layout']) =>
    [...layout.values()].map(({ upsert, remove }) => [upsert.text, remove.text]);
  return JSON.stringify(textOf(before)) === JSON.stringify(textOf(now));
}
