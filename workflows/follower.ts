import type { Pipeline, StoreDefinition } from '../model/pipeline';
import type { FollowState, Role } from './follow-state';

/**
 * What the concurrent parts of one `follow` run share: the steps, two lanes, the handlers. `state` is replaced as a
 * whole by pure transitions; nobody keeps a copy of it over an await, since another part may have moved it on.
 */
export interface Follower {
  readonly pipeline: Pipeline;
  readonly store: string;
  /** Of the log's topics. */
  readonly prefix: string;
  /** The pipeline's own; a generation may have been built under another. */
  readonly definition: StoreDefinition;
  state: FollowState;
  /** Which lanes have a slice under way. */
  readonly running: Record<Role, boolean>;
  /** Counts `retry` messages, so that who waits in a breaker sees a new one. */
  retries: number;
  /** Of parked orders that were about nothing: id → why. Read, and forgotten, by who answers for the order. */
  readonly unmet: Map<string, string>;
  /** This run begins no more: its lanes give their slices back. */
  draining: boolean;
  /** Stopped: everything is done. */
  ended: boolean;
  /** Brings what is seen from outside up to date. */
  readonly display: () => void;
}
