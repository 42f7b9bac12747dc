import { createScreen, wantsColour } from '../../../../client/status/screen';
import { watch } from '../../../../client/status/watch';
import { CommandFailure } from '../../../../client/outcome';
import { Unavailable } from '../../../../model/errors';
import type { PipelineStatus } from '../../../../model/status';
import { pipeline } from '../samples';

const escape = String.fromCharCode(27);

/** Watches until the answers are used up. */
async function watched(answers: readonly (PipelineStatus | Error)[], output: { isTTY: boolean }, json = false) {
  const ending = new AbortController();
  const written: string[] = [];
  const left = [...answers];
  const read = () => {
    const answer = left.shift();
    if (answer instanceof Error) return Promise.reject(answer);
    return Promise.resolve(answer ?? pipeline());
  };
  const write = (text: string) => {
    written.push(text);
    if (left.length === 0) ending.abort();
  };
  await watch({ read, output: { write, ...output }, colour: false, json, signal: ending.signal });
  return written;
}

describe('watch', () => {
  it('draws a picture on a terminal', async () => {
    const [picture] = await watched([pipeline()], { isTTY: true });
    expect(picture).toContain('replica      LIVE');
  });

  it('writes one line for a log, and one JSON value a line when asked for', async () => {
    const [line] = await watched([pipeline()], { isTTY: false });
    expect(line).toMatch(/^\S+ \S+ UTC {2}shop LIVE \| capture LIVE .*\n$/);
    const [json] = await watched([pipeline()], { isTTY: true }, true);
    expect(JSON.parse(json ?? '')).toMatchObject({ ...pipeline(), note: null });
  });

  it('keeps the last picture, with a note, while no worker answers', async () => {
    const pictures = await watched([pipeline(), new Unavailable('No worker answers.')], { isTTY: true });
    expect(pictures.at(-1)).toContain('replica      LIVE');
    expect(pictures.at(-1)).toContain('No worker answers.');
  });

  it('ends with an error for a pipeline that is not there', async () => {
    const absent = new CommandFailure('notFound', 'No pipeline.');
    await expect(watched([absent], { isTTY: true })).rejects.toBe(absent);
  });
});

describe('a screen', () => {
  it('goes back to the top of its last picture and clears what is left of it', () => {
    const written: string[] = [];
    const screen = createScreen({ write: (text) => written.push(text) });
    screen.draw(['one', 'two', 'three']);
    screen.draw(['four']);
    expect(written[0]?.startsWith(`${escape}[2Kone\n`)).toBe(true);
    expect(written[1]).toBe(`${escape}[3A${escape}[2Kfour\n${escape}[J`);
  });

  it('counts the rows of lines that a narrow terminal folds', () => {
    const written: string[] = [];
    const screen = createScreen({ write: (text) => written.push(text), columns: 4 });
    screen.draw([`${escape}[32mone two${escape}[0m`, '']);
    screen.draw([]);
    expect(written[1]?.startsWith(`${escape}[3A`)).toBe(true);
  });

  it('never draws more lines than the terminal has', () => {
    const written: string[] = [];
    const screen = createScreen({ write: (text) => written.push(text), rows: 3 });
    screen.draw(['one', 'two', 'three', 'four']);
    screen.draw(['five']);
    expect(written[0]).not.toContain('three');
    expect(written[1]?.startsWith(`${escape}[2A`)).toBe(true);
  });
});

describe('wantsColour', () => {
  it.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
  ])('terminal %p, environment %p: %p', (isTTY, environment, expected) => {
    expect(wantsColour({ isTTY, write: () => true }, environment)).toBe(expected);
  });
});
