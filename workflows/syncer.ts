import type { Pipeline } from '../model/pipeline';
import type { CaptureStatus, PipelineStatus, StoreStatus } from '../model/status';
import type { SyncState } from './sync-state';

/** What the parts of one `sync` run share: its steps, its handlers, the watch over its children. */
export interface Syncer {
  readonly name: string;
  /** null until the file has been checked. */
  pipeline: Pipeline | null;
  state: SyncState;
  /** As last reported. */
  capture: CaptureStatus;
  readonly stores: Record<string, StoreStatus>;
  /** Counts `retry` messages, so that who waits in a breaker sees a new one. */
  retries: number;
  /** A child runs under another configuration. */
  conflict: string | null;
  /** Orders that came before the children were known. */
  readonly early: (() => void)[];
  readonly status: () => PipelineStatus;
  /** Brings what is seen from outside up to date. */
  readonly display: () => void;
}
