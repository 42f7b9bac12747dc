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

/** Every statement of a lane's connections goes through the tap; a cut is the end of its connection. */
export function tapped(tap: Tap, parts: PostgresParts = { connect: connectTo }): PostgresParts {
  return {
    async connect(options) {
      const connection = await parts.connect(options);
      if (!/ lane\d/.test(options.applicationName)) return connection;
      return {
        get usable() {
          return connection.usable;
        },
        async query(statement) {
          try {
            return await tap(() => connection.query(statement));
          } catch (error) {
            if (error instanceof ConnectionCut) connection.destroy();
            throw error;
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
  name === moveOffsetsName
    ? connection.query({
        text: text.replace(
          /where[^]*$/,
          'where lane = $5 and ($6::text || $7::text || $8::text || $9::text) is not null',
        ),
        values,
      })
    : connection.query({ text, values });

/** Every statement is its own transaction. */
export const withoutTransaction: Answerer = async (connection, statement) =>
  /^(begin|commit|rollback)$/.test(statement.text)
    ? { rows: [], count: 0, command: statement.text.toUpperCase() }
    : connection.query(statement);

export interface Cut {
  /** The statement, counted from 1 since `arm`, at which the connection breaks. */
  readonly at: number;
  /** Before it reaches the server, or after the server has done it: then only the answer is lost. */
  readonly when: 'before' | 'after';
}

/** Connections that break once at the armed statement. `seen` tells how many statements there were since `arm`. */
export function breaking(answer: Answerer = (connection, statement) => connection.query(statement)) {
  let cut: Cut | null = null;
  let seen = 0;
  return {
    seen: () => seen,
    arm(next: Cut | null) {
      cut = next;
      seen = 0;
    },
    parts: through(async (connection, statement) => {
      seen += 1;
      if (cut === null || seen !== cut.at) return answer(connection, statement);
      if (cut.when === 'after') await answer(connection, statement);
      connection.destroy();
      throw new Unavailable('the connection was cut by the test');
    }),
  };
}
