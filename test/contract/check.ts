import type { DocumentBody } from '../../model/mutation';
import type { Store } from '../../stores/store';
import type { Tables } from './fixture';
import type { Tap } from './tap';

/** What a check gets: stores opened by it are closed when it ends, whatever its outcome. */
export interface CheckSubject {
  readonly open: (tables?: Tables, tap?: Tap) => Promise<Store>;
  readonly restart: () => Promise<void>;
  readonly read: (target: string) => Promise<Readonly<Record<string, DocumentBody>> | null>;
}

export type Check = (subject: CheckSubject) => Promise<void>;
