import { createServer, type AddressInfo } from 'node:net';
import { connect } from '../../../stores/elasticsearch/client';

/** A bulk that tells when somebody looks at it byte by byte. */
function watchedLines() {
  const lines = Buffer.from('{"index":{}}\n{}\n');
  let walked = false;
  Object.defineProperty(lines, 'last', {
    enumerable: true,
    get() {
      walked = true;
      return 0;
    },
  });
  return { lines, walked: () => walked };
}

test('a server that goes away within a bulk is Unavailable, and the bulk is not taken apart for the error', async () => {
  const server = createServer((socket) => socket.once('data', () => socket.destroy()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const connection = connect(`http://127.0.0.1:${port}`);
  const { lines, walked } = watchedLines();
  try {
    await expect(connection.ask({ method: 'POST', path: ['_bulk'], lines })).rejects.toMatchObject({
      name: 'Unavailable',
      message: expect.stringContaining('cannot be reached') as string,
    });
    expect(walked()).toBe(false);
  } finally {
    await connection.close();
    await new Promise((resolve) => server.close(resolve));
  }
});
