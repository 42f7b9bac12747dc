import { countMessages } from '../../../capture/messages';
import type { PositionRecord } from '../../../stream/log';

function last(parts: Partial<PositionRecord>): PositionRecord {
  return {
    ...{ version: 1 as const, logId: 'l', systemId: 's', timeline: 1, ends: {}, copies: {}, committedAt: 0 },
    ...{ position: { lsn: '10', index: parts.closed === false ? 3 : 0 }, closed: true },
    ...parts,
  };
}

const halfway = { closed: false } as const;

it.each<[string, readonly string[], Partial<PositionRecord>, { asked: boolean; there: boolean; later: boolean }]>([
  ['nobody wants them', [], {}, { asked: false, there: false, later: false }],
  ['nobody wants them, halfway', [], halfway, { asked: false, there: false, later: false }],
  ['wanted', ['m'], {}, { asked: true, there: true, later: true }],
  ['wanted, and were', ['m'], { ...halfway, messages: true }, { asked: true, there: true, later: true }],
  ['wanted since a transaction is halfway', ['m'], halfway, { asked: true, there: false, later: true }],
  ['not wanted any more', [], { messages: true }, { asked: false, there: false, later: false }],
  ['not wanted since halfway', [], { ...halfway, messages: true }, { asked: true, there: true, later: true }],
])('%s', (_, wanted, record, expected) => {
  const counting = countMessages(wanted, last(record));
  expect({ asked: counting.asked, there: counting.counts('10'), later: counting.counts('20') }).toEqual(expected);
});
