import type { RedisParts } from '../../../stores/redis/store';
import type { Tap } from '../../contract/tap';
import { connect, type Connection, type Script, type ScriptCall } from '../../../stores/redis/client';
import { scripts, type Scripts } from '../../../stores/redis/scripts';

/** Batches, which are one script each, through a tap. */
export function tapped(parts: Partial<RedisParts>, tap: Tap): Partial<RedisParts> {
  const { connect: open = connect } = parts;
  return {
    ...parts,
    connect(url) {
      const connection = open(url);
      return {
        ...connection,
        run(script, call, signal) {
          const send = () => connection.run(script, call, signal);
          return script.name.startsWith('apply') ? tap(send) : send();
        },
      };
    },
  };
}

/** Scripts with a condition taken out. Throws when the condition is not there: a sabotage of nothing proves nothing. */
function without(condition: string, ...names: readonly (keyof Scripts)[]): Scripts {
  const changed = names.map((name) => {
    const { text } = scripts[name];
    if (!text.includes(condition)) throw new Error(`The script '${name}' has no '${condition}'.`);
    return [name, { name, text: text.replace(condition, '') }] as const;
  });
  return { ...scripts, ...Object.fromEntries(changed) };
}

/** An attempt that was replaced may write. */
export const admitsAnyone = without('now[1] ~= ARGV[2] or ', 'applyTexts', 'applyHashes');

/** A batch that was applied, or that lies before others, is applied again. */
export const admitsAnyOffset = without(' or now[4] ~= ARGV[5]', 'applyTexts', 'applyHashes');

/** Of two that read the same owner both get the lane. */
export const takesFromAnyone = without(
  "if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return nil end\n",
  'acquire',
);

/** Where the numbers of upserts and deletes stand among the arguments of a batch. */
const counts = [9, 10] as const;

type Run = Connection['run'];

/** Batches are applied by `apply`, everything else as ever. */
function applying(apply: (run: Run, ...batch: Parameters<Run>) => ReturnType<Run>): (url: string) => Connection {
  return (url) => {
    const connection = connect(url);
    const run: Run = (script, call, signal) => connection.run(script, call, signal);
    return { ...connection, run: (...batch) => (batch[0].name === 'apply' ? apply(run, ...batch) : run(...batch)) };
  };
}

/** Data and offsets by two scripts, offsets first; between the two `pass` is called. */
export const offsetsThenData = (pass: () => Promise<void>) =>
  applying(async (run, script, call, signal) => {
    const moved = await run(script, withoutData(call), signal);
    if (moved !== 'applied') return moved;
    await pass();
    return run(unconditional(script), call, signal);
  });

/** Data is sent when the next batch comes: the record is always one batch ahead. */
export function dataAfterOffsets(): (url: string) => Connection {
  let late: (() => Promise<unknown>) | null = null;
  return applying(async (run, script, call, signal) => {
    await late?.();
    late = () => run(unconditional(script), call, signal);
    return run(script, withoutData(call), signal);
  });
}

/** A batch's script that looks at nothing and writes. */
function unconditional({ text }: Script): Script {
  return { name: 'data', text: text.replace(/if now\[1\].* then return now end/, '') };
}

function withoutData({ keys, args }: ScriptCall): ScriptCall {
  return { keys, args: args.slice(0, counts[1] + 1).map((arg, at) => (at >= counts[0] ? 0 : arg)) };
}
