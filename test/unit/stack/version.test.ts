import { isAtLeast, javaMajor, versionIn } from '../../../stack/provision/version';

test.each([
  ['postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)', '15.18'],
  ['temporal version 1.8.2 (Server 1.31.2, UI 2.50.1)', '1.8.2'],
  ['go1.26.8 linux/amd64', '1.26.8'],
  ['no version here', undefined],
])('the version in "%s" is %s', (text, version) => {
  expect(versionIn(text)).toBe(version);
});

test.each([
  ['1.8.2', '1.8.0', true],
  ['1.10.0', '1.8.0', true],
  ['1.7.9', '1.8.0', false],
  // A CLI that was built without its version calls itself so.
  ['0.0.0', '1.8.0', false],
  ['18', '14.0', true],
  ['13.9', '14.0', false],
  ['14', '14.0', true],
])('%s is at least %s: %s', (version, oldest, expected) => {
  expect(isAtLeast(version, oldest)).toBe(expected);
});

test('Java 8 called itself 1.8', () => {
  expect([javaMajor('1.8.0'), javaMajor('17.0.15'), javaMajor('25')]).toEqual([8, 17, 25]);
});
