import { createRequire } from 'node:module';
import { Body, carryBodies, roomBefore, type Encoder, type EncoderClass } from '../../../../stream/producer/body';

const load = createRequire(__filename);
/** A class of the test's own: the one that is installed stays as it is. */
const encoders = () => class extends (load('kafkajs/src/protocol/encoder') as EncoderClass) {};
type Sized = Encoder & { readonly buffer: Buffer; size(): number; writeInt32(value: number): Sized };

function body(text: string): Body {
  const memory = Buffer.allocUnsafeSlow(roomBefore + text.length);
  memory.write(text, roomBefore);
  return new Body(memory.subarray(roomBefore));
}

const written = (kind: EncoderClass, value: unknown) =>
  (new kind() as Sized).writeInt32(7).writeEncoder(value) as Sized;

test('what an encoder holds is put before the body where it lies, once and once more', () => {
  const kind = encoders();
  carryBodies(kind);
  carryBodies(kind);
  const given = body('body');
  const once = written(kind, given);
  const twice = (new kind() as Sized).writeInt32(once.size()).writeEncoder(once) as Sized;
  expect(twice.buffer).toEqual(Buffer.from('\0\0\0\x08\0\0\0\x07body', 'latin1'));
  expect(twice.buffer.buffer).toBe(given.buf.buffer);
});

test('control: those that were not taught copy it, to the same bytes', () => {
  const given = body('body');
  const once = written(encoders(), given);
  expect(once.buffer).toEqual(Buffer.from('\0\0\0\x07body', 'latin1'));
  expect(once.buffer.buffer).not.toBe(given.buf.buffer);
});

test('a head that is larger than the room is copied as ever, and so are other encoders', () => {
  const kind = encoders();
  carryBodies(kind);
  const head = 'x'.repeat(roomBefore + 1);
  const bytes = { buf: Buffer.from(head), buffer: Buffer.from(head) };
  const large = (new kind() as Sized).writeEncoder(bytes).writeEncoder(body('body')) as Sized;
  expect(large.buffer.toString()).toBe(`${head}body`);
  expect(() => written(kind, null)).toThrow('instance of Encoder');
});
