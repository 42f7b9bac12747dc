import type { SourceReport, SourceRequest } from '../../capture/checks/check-source';
import type { Finding, PartReport } from '../../model/finding';
import type { Pipeline } from '../../model/pipeline';
import type { StoreCheck } from '../../stores/check';
import type { LogReport } from '../../stream/check-log';

/** The looks at each part. Each changes nothing, and gives up when its signal aborts. */
export interface Checks {
  readonly source: (request: SourceRequest, signal: AbortSignal) => Promise<SourceReport>;
  /** null: the pipeline is not known, so the brokers alone. */
  readonly log: (pipeline: Pipeline | null, signal: AbortSignal) => Promise<LogReport>;
  readonly store: (check: StoreCheck, signal: AbortSignal) => Promise<PartReport>;
  /** Of a log that is begun: whether it still fits its source. Reads where the log ends. */
  readonly continuity: (input: {
    readonly pipeline: Pipeline;
    readonly url: string;
    readonly source: SourceReport;
  }) => Promise<readonly Finding[]>;
}
