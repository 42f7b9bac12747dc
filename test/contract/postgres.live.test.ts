import { connectTo, type Connection } from '../../stores/postgres/connection';
import { moveOffsetsName } from '../../stores/postgres/record';
import type { PostgresParts } from '../../stores/postgres/store';
import { postgresAdapter } from './postgres-adapter';
import { describeStoreContract, runStoreCheck } from './store-contract';

describeStoreContract(postgresAdapter());

describe('controls: with the mechanism sabotaged its check fails', () => {
  /** Everything goes through, save what `sabotage` answers by itself. */
  function sabotaged(
    sabotage: (connection: Connection, ...query: Parameters<Connection['query']>) => ReturnType<Connection['query']>,
  ): PostgresParts {
    return {
      async connect(options) {
        const connection = await connectTo(options);
        return {
          get usable() {
            return connection.usable;
          },
          query: (statement) => sabotage(connection, statement),
          destroy: () => connection.destroy(),
          end: () => connection.end(),
        };
      },
    };
  }

  const withoutCompare = sabotaged((connection, statement) =>
    statement.name === moveOffsetsName
      ? connection.query({
          text: statement.text.replace(
            /where[^]*$/,
            'where lane = $5 and ($6::text || $7::text || $8::text || $9::text) is not null',
          ),
          values: statement.values ?? [],
        })
      : connection.query(statement),
  );

  const withoutTransaction = sabotaged(async (connection, statement) =>
    /^(begin|commit|rollback)$/.test(statement.text)
      ? { rows: [], count: 0, command: statement.text.toUpperCase() }
      : connection.query(statement),
  );

  test.each([
    'a newer owner refuses the older one',
    'a batch that does not begin at the record is refused and moves nothing',
    "a delete is not undone by the old owner's late upsert",
    'nobody writes a lane that was never acquired',
  ] as const)('no compare-and-set: %s', async (name) => {
    await expect(runStoreCheck(name, postgresAdapter(withoutCompare))).rejects.toThrow();
  });

  test.each([
    'a refused record fails the batch, moves no offset and is named by its offset',
    'a batch of a refused record leaves nothing behind where offsets travel with data',
    'readers move from closed point to closed point where the store promises it',
    'release gives up what is held between closed points, and may be repeated',
  ] as const)('no transaction around data and offsets: %s', async (name) => {
    await expect(runStoreCheck(name, postgresAdapter(withoutTransaction))).rejects.toThrow();
  });
});
