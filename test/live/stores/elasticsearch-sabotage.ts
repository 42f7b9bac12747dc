import type { Tap } from '../../contract/tap';
import { connect, type Answer, type Call, type Connection } from '../../../stores/elasticsearch/client';

/** The wire with its bulk requests, which carry all data and offsets, through a tap. */
export function tapped(wire: Wire, tap: Tap): Wire {
  return (url) => {
    const connection = wire(url);
    return {
      ask: (call, signal) => {
        const send = () => connection.ask(call, signal);
        return call.lines === undefined ? send() : tap(send);
      },
      close: connection.close,
    };
  };
}

/** How the adapter reaches its server: what tests replace. */
export type Wire = (url: string) => Connection;

/** A wire on which bulk requests go through `send` instead. */
export function onBulk(send: (call: Call, through: (call: Call) => Promise<Answer>) => Promise<Answer>): Wire {
  return (url) => {
    const connection = connect(url);
    return {
      ask: (call, signal) =>
        call.lines === undefined
          ? connection.ask(call, signal)
          : send(call, (changed) => connection.ask(changed, signal)),
      close: connection.close,
    };
  };
}

/** A lane's record and not documents. */
export function isRecord(call: Call): boolean {
  return call.lines?.includes('{"_slipstream":') === true;
}

/** Writes go to the index itself, whoever has the alias. */
export const withoutWriteAlias: Wire = onBulk((call, through) =>
  through({ ...call, path: [(call.path[0] ?? '').replace(/-lane\d+-.*$/, ''), '_bulk'], query: {} }),
);

/** Every item is taken for written. */
export const withoutLookingAtItems: Wire = onBulk(async (call, through) => {
  const answer = await through(call);
  return isRecord(call) ? answer : { status: 200, body: written(call) };
});

/** Documents are answered at once, and sent when the next ones come: the record is always one batch ahead. */
export function dataAfterOffsets(): Wire {
  let late: Call | null = null;
  return onBulk(async (call, through) => {
    if (isRecord(call)) return through(call);
    if (late) await through(late);
    late = call;
    return { status: 200, body: written(call) };
  });
}

function written({ lines }: Call): object {
  const actions = String(lines)
    .split('\n')
    .filter((line) => /^\{"(?:index|delete)":\{"_id"/.test(line));
  return { items: actions.map(() => ({ index: { status: 200 } })) };
}
