import { connect } from '../../../capture/source/connection';
import { connectTo } from '../../../stores/postgres/connection';

const url = 'postgres://u:hush@127.0.0.1:1/shop?sslmode=verify-full&sslrootcert=/no/such/ca.pem';

test.each([
  ['the source', () => connect(url)],
  ['a replica', () => connectTo({ url, applicationName: 'test' })],
])('a certificate that the URL of %s names and that is not there is told by its path', async (_, attempt) => {
  const error: unknown = await attempt().catch((refused: unknown) => refused);
  expect(error).toMatchObject({ name: 'InvalidConfig' });
  expect(String(error)).toMatch('/no/such/ca.pem');
  expect(String(error)).not.toMatch('hush');
});
