export type Part = 'postgres' | 'kafka' | 'elasticsearch' | 'redis' | 'temporal';

/** Where the servers are: as the stack says by its environment. A part that the measure does not need may be empty. */
export type Addresses = Readonly<Record<Part, string>>;

const variables: Readonly<Record<Part, string>> = {
  postgres: 'SLIPSTREAM_TEST_POSTGRES',
  kafka: 'SLIPSTREAM_TEST_KAFKA',
  elasticsearch: 'SLIPSTREAM_TEST_ELASTICSEARCH',
  redis: 'SLIPSTREAM_TEST_REDIS',
  temporal: 'SLIPSTREAM_TEST_TEMPORAL',
};

/** Throws an Error that names the variable which is missing. */
export function readAddresses(
  parts: readonly Part[],
  environment: Readonly<Record<string, string | undefined>>,
): Addresses {
  const missing = parts.filter((part) => !environment[variables[part]]);
  if (missing.length > 0) {
    const names = missing.map((part) => variables[part]).join(', ');
    throw new Error(`${names} not set. "npm run bench" starts servers of its own and sets them.`);
  }
  const of = (part: Part) => environment[variables[part]] ?? '';
  return {
    postgres: of('postgres'),
    kafka: of('kafka'),
    elasticsearch: of('elasticsearch'),
    redis: of('redis'),
    temporal: of('temporal'),
  };
}
