import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseCommand } from '../../../client/arguments';
import { runCommand } from '../../../client/commands';
import type { Operations } from '../../../client/operations';
import type { PipelineStatus } from '../../../model/status';
import { captured, lane, now, pipeline, slotInDanger, store } from './samples';

const page = readFileSync(join(__dirname, '..', '..', '..', 'docs', 'operations.md'), 'utf8');

const more = { rowsPerSecond: 1, secondsLeft: 2, request: 'a' };
/** Everything there can be in a status, so that no field of it can be left out of the page. */
const full = pipeline({
  capture: {
    status: 'COPYING',
    progress: captured({ copies: { 'public.orders': { done: false, rows: 1, estimatedRows: 2, ...more } } }),
    copyPaused: true,
    slot: slotInDanger,
    problem: null,
  },
  stores: {
    search: store('search', {
      generations: [{ number: 1, mappingHash: 'a', role: 'live', progress: lane() }],
      rebuild: { reason: 'new mapping', phase: 'building' },
      problem: { type: 'Unavailable', message: 'm', at: new Date(now).toISOString(), count: 1 },
    }),
  },
});

async function answer(line: string, status: PipelineStatus = full): Promise<unknown> {
  const nothing = () => Promise.resolve();
  const operations: Operations = {
    start: () => Promise.resolve({ pipeline: 'shop', workflowId: 'sync/shop', runId: 'r' }),
    status: () => Promise.resolve(status),
    pause: nothing,
    resume: nothing,
    retry: nothing,
    rebuild: nothing,
    copy: nothing,
    parked: nothing,
    stop: nothing,
  };
  const written: string[] = [];
  const output = { write: (text: string) => written.push(text) };
  await runCommand(parseCommand(line.split(' ')), {
    operations: () => Promise.resolve(operations),
    output,
    diagnostics: output,
    environment: {},
    signal: new AbortController().signal,
  });
  expect(written).toHaveLength(1);
  return JSON.parse(written.join(''));
}

/** The places and types of all values: `stores.search.status: string`. */
function shape(value: unknown, place = ''): string[] {
  if (value === null || typeof value !== 'object') return [`${place}: ${value === null ? 'null' : typeof value}`];
  if (Array.isArray(value)) return value.flatMap((each) => shape(each, `${place}[]`));
  return Object.entries(value).flatMap(([name, each]) => shape(each, `${place}.${name}`));
}

const sorted = (value: unknown) => [...new Set(shape(value))].sort();

describe('docs/operations.md on --json', () => {
  it('shows a status with every field of the real one, and with no other, each of its type', async () => {
    const [, block] = /```json\n([\s\S]*?)```/.exec(page) ?? [];
    expect(sorted(JSON.parse(block ?? ''))).toEqual(sorted(await answer('status shop --json')));
  });

  it.each([
    ['pause', 'pause shop --store search --json'],
    ['rebuild', 'rebuild shop --store search --reason why --json'],
    ['copy', 'copy shop --table public.orders --json'],
    ['stop', 'stop shop --json'],
  ])('shows what %s answers', async (name, line) => {
    const section = page.slice(page.indexOf('## `--json`'));
    const [, example] = new RegExp(`\\| \`${name}\`[^|]*\\| \`(\\{.*?\\})\``).exec(section) ?? [];
    expect(sorted(JSON.parse(example ?? ''))).toEqual(sorted(await answer(line)));
  });
});
