import { Unavailable } from '../../model/errors';
import { connectTo, type Answer, type Connection, type Statement } from '../../stores/postgres/connection';
import { moveOffsetsName } from '../../stores/postgres/record';
import type { PostgresParts } from '../../stores/postgres/store';
import { ConnectionCut, type Tap } from './tap';

export type Answerer = (connection: Connection, statement: Statement) => Promise<Answer>;

/** Parts whose lane connections answer through `answer`; everything else is the real one's. */
export function through(answer: Answerer): PostgresParts {
  return {
    async connect(options) {
      const connection = await connectTo(options);
      if (!/ lane\d/.test(options.applicationName)) return connection;
      return {
        get usable() {
          return connection.usable;
        },
        query: (statement) => answer(connection, statement),
        destroy: () => connection.destroy(),
        end: () => connection.end(),
      };
    },
  };
}

/**
 * Every statement of a lane's connections goes through the tap; a cut is the end of its connection. They reach the server in
 * their order, as on a real connection: what is held holds up what comes behind it.
 */
export function tapped(tap: Tap, parts: PostgresParts = { connect: connectTo }): PostgresParts {
  return {
    async connect(options) {
      const connection = await parts.connect(options);
      if (!/ lane\d/.test(options.applicationName)) return connection;
      let last: Promise<void> = Promise.resolve();
      return {
        get usable() {
          return connection.usable;
        },
        async query(statement) {
          const before = last;
          let passed = () => {};
          last = new Promise((resolve) => (passed = resolve));
          await before;
          try {
            return await tap(() => {
              const answer = connection.query(statement);
              passed();
              return answer;
            });
          } catch (error) {
            if (error instanceof ConnectionCut) connection.destroy();
            throw error;
          } finally {
            passed();
          }
        },
        destroy: () => connection.destroy(),
        end: () => connection.end(),
      };
    },
  };
}

/** The offsets are set without being compared: whoever comes writes. */
export const withoutCompare: Answerer = (connection, { name, text, values = [] }) =>
  connection.query({ text: name === moveOffsetsName ? withoutComparison(text) : text, values });

/** The parameters stay, as they are numbered. */
export function withoutComparison(text: string): string {
  const compared = /where[^]*(?=returning)/;
  if (!compared.test(text)) throw new Error('The statement that compares and sets is written in another way now.');
  return text.replace(compared, 'where lane = $5 and ($6::text || $7::text || $8::text || $9::text) is not null ');
}

/** Nothing is sent before the answer to what came before it. */
export function oneByOne(answer: Answerer): Answerer {
  const last = new WeakMap<Connection, Promise<unknown>>();
  return (connection, statement) => {
    const mine = (last.get(connection) ?? Promise.resolve()).then(() => answer(connection, statement));
    last.set(
      connection,
      mine.catch(() => undefined),
    );
    return mine;
  };
}

/** Every statement is its own transaction. */
export const withoutTransaction: Answerer = oneByOne(async (connection, statement) =>
  /^(begin|commit|rollback)$/.test(statement.text)
    ? { rows: [], count: 0, command: statement.text.toUpperCase() }
    : connection.query(statement),
);

/** A record that is not moved is no error to the server. */
export const withoutDivision: Answerer = (connection, { name, text, values = [], ...rest }) =>
  name === moveOffsetsName
    ? connection.query({ text: text.replace('1 / count(*)', 'count(*)'), values })
    : connection.query({ ...rest, ...(name === undefined ? {} : { name }), text, values });

export interface Cut {
  /** The statement, counted from 1 since `arm`, at which the connection breaks. */
  readonly at: number;
  /** Before it reaches the server, or after the server has done it: then only the answer is lost. */
  readonly when: 'before' | 'after';
}

/** Connections that break once at the armed statement. `seen` tells how many statements there were since `arm`. */
export function breaking(
  answer: Answerer = (connection, statement) => connection.query(statement),
  order: (answer: Answerer) => Answerer = (each) => each,
) {
  let cut: Cut | null = null;
  let seen = 0;
  return {
    seen: () => seen,
    arm(next: Cut | null) {
      cut = next;
      seen = 0;
    },
    parts: through(
      order(async (connection, statement) => {
        seen += 1;
        if (cut === null || seen !== cut.at) return answer(connection, statement);
        if (cut.when === 'after') await answer(connection, statement);
        connection.destroy();
        throw new Unavailable('the connection was cut by the test');
      }),
    ),
  };
}
