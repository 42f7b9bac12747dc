import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { platformBinary } from '../../../stack/provision/redis';
import { isAtLeast } from '../../../stack/provision/version';
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
    ['temporalio/server', versions.temporal.server],
    ['temporalio/admin-tools', versions.temporal.server],
    ['temporalio/ui', versions.temporal.ui],
  ])('docker-compose.yml has %s at the version of versions.json', (image, version) => {
    const tags = [...compose.matchAll(new RegExp(`image: ${image}:(\\S+)\n`, 'g'))].map(([, tag]) => tag);
    expect([...new Set(tags)]).toEqual([version]);
  });

  test('redis of docker-compose.yml is that of versions.json, on the system of the other images', () => {
    expect(compose).toContain(`image: redis:${versions.redis.version}-bookworm\n`);
  });

  test('the Dockerfile has the Node of versions.json, and package.json allows the oldest', () => {
    expect(read('Dockerfile')).toContain(`ARG NODE_VERSION=${versions.node.version}\n`);
    const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } };
    expect(engines.node).toBe(`>=${versions.node.oldest}`);
  });

  test('the worker is one image, of the version of package.json', () => {
    const { version } = JSON.parse(read('package.json')) as { version: string };
    const tags = [...compose.matchAll(/image: slipstream-worker:(\S+)\n/g)].map(([, tag]) => tag);
    expect([...new Set(tags)]).toEqual([version]);
  });

  test('the Maven files have those of versions.json', () => {
    expect(read('stack/versions/kafka/pom.xml')).toContain(`<kafka.version>${versions.kafka.version}<`);
    expect(read('stack/versions/elasticsearch/pom.xml')).toContain(
      `<elasticsearch.version>${versions.elasticsearch.version}<`,
    );
  });

  test("the archive of Redis' binaries is asked for by the file that bears the version of versions.json", () => {
    expect(platformBinary('linux', 'x64')?.file).toBe(`redis-server-${versions.redis.download}-linux-amd64`);
    for (const version of [versions.redis.download, versions.redis.version])
      expect(isAtLeast(version, versions.redis.oldest)).toBe(true);
  });

  test('go.mod has that of versions.json', () => {
    expect(read('stack/versions/temporal/go.mod')).toContain(`temporalio/cli v${versions.temporal.version}\n`);
  });

  test('server and web UI in Docker are those within the CLI that everybody else runs', () => {
    const modules = read('stack/versions/temporal/go.mod');
    expect(modules).toContain(`go.temporal.io/server v${versions.temporal.server} `);
    expect(modules).toContain(`temporalio/ui-server/v2 v${versions.temporal.ui} `);
  });

  test('the npm package of PostgreSQL is one of its version', () => {
    expect(versions.postgres.package.startsWith(`${versions.postgres.version}.`)).toBe(true);
  });
});
