import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { compiled } from '../../support/project';

jest.setTimeout(120_000);

/** Longer than the program takes, shorter than the test. */
const patience = { timeout: 30_000, killSignal: 'SIGKILL' } as const;

let folder = '';
/** As a client that tries a broker again and again: it is never let go. */
let holds = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipstream-exit-'));
  holds = join(folder, 'holds.js');
  await writeFile(holds, 'setInterval(() => undefined, 1_000);');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (...line: string[]) => promisify(execFile)(process.execPath, line, patience);

test('the program ends when all is said, whatever is still open, and all of it is there', async () => {
  const whole = await run(compiled('client/cli.js'), '--help');
  expect(whole.stdout).toContain('slipstream doctor');
  expect(await run('--require', holds, compiled('client/cli.js'), '--help')).toEqual(whole);
  await expect(run('--require', holds, compiled('client/cli.js'), 'no-such-command')).rejects.toMatchObject({
    killed: false,
    code: 2,
  });
});

test('control: what is still open keeps a program that says no more', async () => {
  const idle = join(folder, 'idle.js');
  await writeFile(idle, 'console.log("said")');
  await expect(
    promisify(execFile)(process.execPath, ['--require', holds, idle], { ...patience, timeout: 3_000 }),
  ).rejects.toMatchObject({ killed: true, stdout: 'said\n' });
});
