import { compareDecimal, comparePositions, lsnFromText, lsnToText, origin } from '../../../model/position';

describe('positions', () => {
  test('decimal digits compare as numbers of any size', () => {
    expect(compareDecimal('9', '10')).toBeLessThan(0);
    expect(compareDecimal('18446744073709551615', '18446744073709551614')).toBeGreaterThan(0);
    expect(compareDecimal('42', '42')).toBe(0);
  });

  test('the closed position at the end of a transaction stands below the first change of one that commits right there', () => {
    expect(comparePositions({ lsn: '500', index: 0 }, { lsn: '500', index: 1 })).toBeLessThan(0);
    expect(comparePositions({ lsn: '500', index: 7 }, { lsn: '501', index: 0 })).toBeLessThan(0);
    expect(comparePositions(origin, { lsn: '0', index: 1 })).toBeLessThan(0);
  });

  test('LSNs go to PostgreSQL’s text form and back', () => {
    expect(lsnFromText('16/B374D848')).toBe('97500059720');
    expect(lsnToText('97500059720')).toBe('16/B374D848');
    expect(lsnToText(lsnFromText('FFFFFFFF/FFFFFFFF'))).toBe('FFFFFFFF/FFFFFFFF');
  });

  test('what is not an LSN is refused with what was expected', () => {
    expect(() => lsnFromText('1/2/3')).toThrow(/'1\/2\/3' is not an LSN: expected/);
  });
});
