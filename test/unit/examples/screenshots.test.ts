import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { painter } from '../../../client/text';
import { findChromium, width } from '../../../examples/screenshots/chromium';
import { terminalPage } from '../../../examples/screenshots/terminal';

const root = join(__dirname, '..', '..', '..');

describe('the search for a browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slipstream-chromium-'));
  const program = join(folder, 'chromium-browser');
  writeFileSync(program, '');
  chmodSync(program, 0o755);
  const text = join(folder, 'chromium');
  writeFileSync(text, '', { mode: 0o644 });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('takes what CHROMIUM_PATH names', () => {
    expect(findChromium({ CHROMIUM_PATH: program, PATH: '' })).toBe(program);
  });

  it('takes the first program of a usual name on PATH, and not a file that cannot be run', () => {
    expect(findChromium({ PATH: `/nowhere:${folder}` })).toBe(program);
  });

  it.each([
    [{ CHROMIUM_PATH: text, PATH: folder }, 'CHROMIUM_PATH is'],
    [{ PATH: '/nowhere' }, 'set CHROMIUM_PATH'],
    [{}, 'apt-get install chromium'],
  ])('says what to do with %j', (environment, cure) => {
    expect(() => findChromium(environment)).toThrow(cure);
  });
});

test('a terminal is drawn with its colours, and with nothing that a browser would take for markup', () => {
  const paint = painter(true);
  const page = terminalPage('status', [`a ${paint('LIVE', 'green')} <b> ${paint('&', 'bold')} end`]);
  expect(page).toContain('a <span style="color: #1a7f37">LIVE</span> &lt;b> <span class="bold">&amp;</span> end');
});

describe('docs/images', () => {
  const images = join(root, 'docs', 'images');
  const pages = ['README.md', 'docs/operations.md'].map((page) => readFileSync(join(root, page), 'utf8')).join('\n');

  it.each(readdirSync(images))('%s is as wide as the others, small, and shown somewhere', (name) => {
    const picture = readFileSync(join(images, name));
    // The width stands in the header, right behind the signature and the name of the first chunk.
    expect(picture.readUInt32BE(16)).toBe(width);
    expect(picture.length).toBeLessThanOrEqual(200 * 1024);
    expect(pages).toContain(`images/${name}`);
  });
});
