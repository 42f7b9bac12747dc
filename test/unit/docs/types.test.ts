import { prose } from '../../../docs/type-rows';
import { knownTypes } from '../../../model/value-types';

test('every type that has a rule has a line in docs/types.md, and no other has', () => {
  expect(Object.keys(prose).sort()).toEqual([...knownTypes].sort());
});
