import { readFile } from 'node:fs/promises';
import { InvalidConfig } from '../model/errors';
import { parsePipeline } from '../model/pipeline';
import type { Command } from './arguments';
import { doctor } from './doctor/doctor';
import { help } from './help';
import { init } from './init/init';
import type { Operations } from './operations';
import type { Outcome } from './outcome';
import { parked } from './parked/parked';
import { plan } from './plan/plan';
import { noRates } from './status/rates';
import { render } from './status/render';
import { wantsColour, type Output } from './status/screen';
import { waitUntilReady } from './wait';
import { watch } from './status/watch';

/** The world a command runs in; tests give another. */
export interface Surroundings {
  /** Opened only when a command needs a server: a wrong file is refused without one. */
  readonly operations: () => Promise<Operations>;
  readonly output: Output;
  /** What people read besides the answer: standard error. */
  readonly diagnostics: Output;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Ends what goes on for ever. */
  readonly signal: AbortSignal;
}

/** Runs one command and prints its answer, which may be a bad one. Throws what `outcomeOf` turns into an exit code. */
export async function runCommand(command: Command, around: Surroundings): Promise<Outcome> {
  if (command.name === 'doctor') return doctor(command, around);
  if (command.name === 'plan') return plan(await readJson(command.file, 'pipeline file'), command, around);
  await carryOut(command, around);
  return 'ok';
}

async function carryOut(command: Exclude<Command, { name: 'doctor' | 'plan' }>, around: Surroundings): Promise<void> {
  const { output, operations } = around;
  const answer = (value: Readonly<Record<string, unknown>>, text: string) =>
    output.write(`${'json' in command && command.json ? JSON.stringify(value) : text}\n`);
  switch (command.name) {
    case 'help':
      answer({ help }, help.trimEnd());
      return;
    case 'init':
      return init(command, around);
    case 'start': {
      const file = await readJson(command.file, 'pipeline file');
      const started = await startWith(file, operations);
      answer(
        { ...started },
        `Started ${started.workflowId}. See it with: slipstream status ${started.pipeline} --watch`,
      );
      return;
    }
    case 'status':
      return showStatus(command, around);
    case 'wait': {
      const { pipeline, timeoutSeconds } = command;
      const open = await operations();
      const read = () => open.status(pipeline);
      const status = await waitUntilReady({ read, timeoutSeconds, signal: around.signal });
      answer({ ...status }, `${pipeline}: capture and ${Object.keys(status.stores).length} stores are LIVE.`);
      return;
    }
    case 'pause':
    case 'resume':
    case 'retry': {
      const { name, pipeline, store } = command;
      await (await operations())[name](pipeline, store);
      answer({ sent: name, pipeline, store }, `Asked ${store ?? 'capture and every store'} of ${pipeline} to ${name}.`);
      return;
    }
    case 'rebuild': {
      const { name, pipeline, store, reason, definitionFile } = command;
      const present = definitionFile === null;
      const definition = present ? null : await readJson(definitionFile, 'definition');
      if (!present) checkDefinition(store, definition);
      await (await operations()).rebuild({ pipeline, store, reason, ...(present ? {} : { definition }) });
      answer(
        { sent: name, pipeline, store },
        `Ordered a rebuild of ${store}; readers keep the present one until it is ready.`,
      );
      return;
    }
    case 'copy': {
      const { name, pipeline, order } = command;
      await (await operations()).copy(pipeline, order);
      const { table = null, action = null, keys } = order;
      const what = keys === undefined ? table : `${keys.length} ${keys.length === 1 ? 'row' : 'rows'} of ${table}`;
      answer(
        { sent: name, pipeline, table, action, ...(keys === undefined ? {} : { keys: keys.length }) },
        table === null
          ? `Asked ${pipeline} to ${action} its copy; changes are followed all the time.`
          : `Ordered ${what} of ${pipeline} to be copied again, beside its changes.`,
      );
      return;
    }
    case 'parked':
      return parked(command, around);
    case 'stop': {
      await (await operations()).stop(command.pipeline);
      answer(
        { sent: 'stop', pipeline: command.pipeline },
        `Asked ${command.pipeline} to stop. Stores, log and slot stay; starting it again goes on from there.`,
      );
    }
  }
}

async function startWith(file: unknown, operations: Surroundings['operations']) {
  // Before any connection: a wrong file is refused with its places wherever it is tried.
  parsePipeline(file);
  return (await operations()).start(file);
}

/**
 * A message is recorded whatever it holds, and a definition that is refused later is only seen by who asks for `errors`.
 * So what can be checked without the pipeline is checked here, as the store of a pipeline that is otherwise right.
 */
function checkDefinition(store: string, definition: unknown): void {
  const { tables } = Object(definition) as { tables?: unknown };
  const source = { url: { env: 'ANY' }, tables: ['any.table', ...Object.keys(Object(tables) as object)] };
  parsePipeline({ name: 'any', source, stores: { [store]: definition } });
}

async function showStatus(
  { pipeline, watch: keepOn, json }: Extract<Command, { name: 'status' }>,
  { operations, output, environment, signal }: Surroundings,
): Promise<void> {
  const open = await operations();
  const read = () => open.status(pipeline);
  const colour = wantsColour(output, environment);
  if (keepOn) return watch({ read, output, colour, json, signal });
  const status = await read();
  const picture = () => render({ status, rates: noRates, now: Date.now(), note: null, colour });
  output.write(`${json ? JSON.stringify(status) : picture().join('\n')}\n`);
}

async function readJson(path: string, what: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new InvalidConfig(
      `The ${what} ${path} cannot be read (${error.code ?? error.name}). Give the path of a JSON file.`,
    );
  });
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidConfig(`The ${what} ${path} is not JSON: ${(error as Error).message}.`);
  }
}
