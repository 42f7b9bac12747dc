import { createTestDatabase, postgresAdapter, type TestDatabase } from './postgres-adapter';
import { through, withoutCompare, withoutDivision, withoutTransaction } from './postgres-connections';
import { describeStoreContract, expectCheckToFail } from './store-contract';
import { describeStoreProperties, expectPropertiesToFail } from './store-properties';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.close());

describeStoreContract(postgresAdapter(() => database));
describeStoreProperties(
  postgresAdapter(() => database),
  6,
);

describe('controls: with the mechanism sabotaged its check fails', () => {
  test.each([
    'a newer owner refuses the older one',
    'a batch that does not begin at the record is refused and moves nothing',
    "a delete is not undone by the old owner's late upsert",
    'an owner replaced at any request of its batch changes nothing any more',
    'nobody writes a lane that was never acquired',
  ] as const)('no compare-and-set: %s', async (name) => {
    await expectCheckToFail(
      name,
      postgresAdapter(() => database, through(withoutCompare)),
    );
  });

  test.each([
    'a newer owner refuses the older one',
    'a batch that does not begin at the record is refused and moves nothing',
    'an owner replaced at any request of its batch changes nothing any more',
  ] as const)('a record that is not moved is no error to the server: %s', async (name) => {
    await expectCheckToFail(
      name,
      postgresAdapter(() => database, through(withoutDivision)),
    );
  });

  test.each([
    'cut at any request, offsets are never ahead of the data, and the repetition ends where the batch would have',
    'a refused record fails the batch, moves no offset and is named by its offset',
    'a batch of a refused record leaves nothing behind where offsets travel with data',
    'readers move from closed point to closed point where the store promises it',
    'release gives up what is held between closed points, and may be repeated',
  ] as const)('no transaction around data and offsets: %s', async (name) => {
    await expectCheckToFail(
      name,
      postgresAdapter(() => database, through(withoutTransaction)),
    );
  });

  test.each([
    ['no compare-and-set', withoutCompare],
    ['no transaction around data and offsets', withoutTransaction],
  ])('random runs: %s', async (_, answer) => {
    await expectPropertiesToFail(
      postgresAdapter(() => database, through(answer)),
      30,
    );
  });
});
