import { messagesTopic } from '../model/names';

/**
 * How a topic keeps what it holds. `latest`: full history for the window, and beyond it the last record of each key, so
 * that a store can be built from it. `window`: everything for the window and nothing after, since messages under one key
 * do not replace each other.
 */
export type Keeping = 'latest' | 'window';

export function keepingOf(prefix: string, topic: string): Keeping {
  return topic === messagesTopic(prefix) ? 'window' : 'latest';
}

/** The topic's settings for it; `window` in milliseconds. */
export function keepingSettings(keeping: Keeping, window: string): Readonly<Record<string, string>> {
  return keeping === 'latest'
    ? { 'cleanup.policy': 'compact', 'min.compaction.lag.ms': window, 'delete.retention.ms': window }
    : { 'cleanup.policy': 'delete', 'retention.ms': window };
}
