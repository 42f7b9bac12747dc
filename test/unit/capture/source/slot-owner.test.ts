import { otherOwner, parseSlotNote, slotNote } from '../../../../capture/source/slot-owner';

const note = (pipeline: string, slot: string) => ({ publication: `of_${pipeline}`, pipeline, slot });

test('what is noted is read back, and nothing else for a note', () => {
  expect(parseSlotNote('of_a-b', slotNote(note('a-b', 'slipstream_a_b')))).toEqual(note('a-b', 'slipstream_a_b'));
  for (const comment of [null, '', 'made for Slipstream', 'Slipstream: pipeline a, slot s, and more']) {
    expect(parseSlotNote('p', comment)).toBeNull();
  }
});

test.each([
  ['nobody has noted', [], null],
  ['this pipeline has', [note('a_b', 's')], null],
  ['another has', [note('a-b', 's')], 'a-b'],
  ['another has another slot', [note('a-b', 't')], null],
  ['both have, as after a publication was made by hand', [note('a-b', 's'), note('a_b', 's')], null],
])('a slot that %s', (_, notes, other) => expect(otherOwner(notes, { pipeline: 'a_b', slot: 's' })).toBe(other));
