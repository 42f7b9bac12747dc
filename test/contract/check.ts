import type { DocumentBody } from '../../model/mutation';
import type { Store } from '../../stores/store';
import type { Tables } from './fixture';

/** What a check gets: stores opened by it are closed when it ends, whatever its outcome. */
export interface CheckSubject {
  readonly open: (tables?: Tables) => Promise<Store>;
  readonly read: (target: string) => Promise<Readonly<Record<string, DocumentBody>> | null>;
}

export type Check = (subject: CheckSubject) => Promise<void>;
