import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import versions from '../../../stack/versions/versions.json';

const root = join(__dirname, '..', '..', '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

/** An upgrade touches several files; a forgotten one would have Docker users run other servers than everybody else. */
describe('the pinned versions', () => {
  const compose = read('docker-compose.yml');

  test.each([
    ['postgres', versions.postgres.version],
    ['apache/kafka', versions.kafka.version],
    ['elasticsearch', versions.elasticsearch.version],
    ['temporalio/temporal', versions.temporal.version],
  ])('docker-compose.yml has %s at the version of versions.json', (image, version) => {
    expect(compose).toContain(`image: ${image}:${version}\n`);
  });

  test('the Maven files have those of versions.json', () => {
    expect(read('stack/versions/kafka/pom.xml')).toContain(`<kafka.version>${versions.kafka.version}<`);
    expect(read('stack/versions/elasticsearch/pom.xml')).toContain(
      `<elasticsearch.version>${versions.elasticsearch.version}<`,
    );
  });

  test('go.mod has that of versions.json', () => {
    expect(read('stack/versions/temporal/go.mod')).toContain(`temporalio/cli v${versions.temporal.version}\n`);
  });

  test('the npm package of PostgreSQL is one of its version', () => {
    expect(versions.postgres.package.startsWith(`${versions.postgres.version}.`)).toBe(true);
  });
});
