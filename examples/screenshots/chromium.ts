import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';

/** All pictures are this wide, so that they line up on a page. */
export const width = 1_400;

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** `CHROMIUM_PATH`, else the first of the usual names on PATH. Throws with what to do when there is none. */
export function findChromium(environment: Readonly<Record<string, string | undefined>>): string {
  const asked = environment['CHROMIUM_PATH'];
  if (asked) {
    if (isProgram(asked)) return asked;
    throw new Error(`CHROMIUM_PATH is ${asked}, which is not a program. Correct it, or unset it to search PATH.`);
  }
  const folders = (environment['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const found = folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isProgram);
  if (found !== undefined) return found;
  throw new Error(
    `No Chromium on PATH (${names.join(', ')}). Install one (Debian: apt-get install chromium), or set CHROMIUM_PATH.`,
  );
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export async function openBrowser(environment: Readonly<Record<string, string | undefined>>): Promise<Browser> {
  // Its sandbox needs rights that root in a container does not have; it shows pages of this machine only.
  return chromium.launch({ executablePath: findChromium(environment), args: ['--no-sandbox', '--disable-gpu'] });
}

/** A page in English and UTC with a light background, whatever the machine prefers. `stored`: what the site remembers. */
export async function openPage(browser: Browser, stored: Readonly<Record<string, string>> = {}): Promise<Page> {
  const context = await browser.newContext({
    // High enough for whatever is cut out of it: the web UI scrolls within itself, so there is no page to be taken whole.
    viewport: { width, height: 1_400 },
    colorScheme: 'light',
    locale: 'en-GB',
    timezoneId: 'UTC',
  });
  const entries = JSON.stringify(Object.entries(stored));
  await context.addInitScript({
    content: `for (const [name, value] of ${entries}) localStorage.setItem(name, value);`,
  });
  return context.newPage();
}
