import { Blocked, InvalidConfig, Unavailable } from '../../model/errors';

/** The first word of an error is what kind it is; the rest may quote what was sent, so it goes no further. */
function errorKind(message: string): string {
  return /^-?([A-Z][A-Z0-9]*)\b/.exec(message)?.[1] ?? 'ERR';
}

const cures: Readonly<Record<string, string>> = {
  NOAUTH: "Look at user and password in the store's url",
  WRONGPASS: "Look at user and password in the store's url",
  NOPERM: "Give the url's user the commands and keys that docs/redis.md lists",
  READONLY: 'Its url names a replica: name the primary',
  OOM: 'Its memory is full: raise maxmemory, or follow less',
  MISCONF: 'It cannot write its file: look at its disk and its log',
  LOADING: 'It still reads its file',
  BUSY: "Somebody's script has been running for long",
  NOREPLICAS: 'Fewer replicas are connected than min-replicas-to-write asks for',
};

/** What an error answer asks for. Transactions that a restart or a full server cuts off pass; a cluster never does. */
export function refusal(message: string): InvalidConfig | Blocked | Unavailable {
  const kind = errorKind(message);
  if (['MOVED', 'ASK', 'CROSSSLOT', 'CLUSTERDOWN'].includes(kind)) {
    return new InvalidConfig(
      'The store is a Redis Cluster, which is not supported: a script needs all keys of a store on one server. Use a server of its own, with replicas if need be.',
    );
  }
  if (kind === 'WRONGTYPE') {
    return new Blocked(
      'store-behind',
      "One of the store's keys holds something that is not ours: someone else wrote to it. Rebuild the store, under a key prefix that nobody else uses.",
    );
  }
  return new Refused(kind, `Redis answered ${kind}. ${cures[kind] ?? 'Look at its log'}; it is tried again.`);
}

/** An answer that may be another one later. */
class Refused extends Unavailable {
  constructor(
    readonly kind: string,
    message: string,
  ) {
    super(message);
  }
}

/** The kind of error that the server answered with; null when it did not answer, or when that is said otherwise. */
export function refusedBy(error: unknown): string | null {
  return error instanceof Refused ? error.kind : null;
}
