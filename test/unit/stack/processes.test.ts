import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attachStack } from '../../../stack';
import { withLock } from '../../../stack/lock';
import { endTree } from '../../../stack/processes/ending';
import { identityOf, isAlive, parsePsLine, parseStat, treeOf } from '../../../stack/processes/identity';
import { writeServer, writeStack } from '../../../stack/servers/record';

let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'slipstream-unit-'))));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Alive, and not the process that is meant: the pid is ours, the start is not. */
const recycled = () => ({ pid: process.pid, start: (identityOf(process.pid)?.start ?? 0) - 1 });

/** Prints a line when it is ready. */
async function start(script: string) {
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  const exited = once(child, 'exit');
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const leader = identityOf(child.pid ?? 0);
  if (leader === undefined) throw new Error('the child did not start');
  return { leader, exited, said: line.toString().trim() };
}

describe('who a process is', () => {
  test('its name may hold brackets and spaces', () => {
    const stat = '77 (a) b (c) S 5 77 77 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 3 0 4711 1000 10';
    expect(parseStat(stat)).toEqual({ pid: 77, parent: 5, group: 77, start: 4711, gone: false });
  });

  test('a zombie is gone once its last thread is: before that its sockets are open', () => {
    const zombie = (threads: number) => `77 (java) Z 5 77 77 0 -1 4 1 2 3 4 5 6 7 8 20 0 ${threads} 0 4711 0 0`;
    expect([parseStat(zombie(1))?.gone, parseStat(zombie(12))?.gone]).toEqual([true, false]);
  });

  test('a line of ps is read where there is no /proc', () => {
    const line = '  77     5    77 S+   Fri Nov 21 07:05:00 2025';
    expect(parsePsLine(line)).toMatchObject({ pid: 77, parent: 5, group: 77, gone: false });
    expect(parsePsLine('')).toBeUndefined();
  });

  test('another process under the same pid is not taken for it', () => {
    expect(isAlive(identityOf(process.pid))).toBe(true);
    expect(isAlive(recycled())).toBe(false);
  });

  test('of a recycled pid nothing is ours, not even its group', () => {
    const stranger = { pid: 7, start: 900, parent: 1, group: 7, gone: false };
    expect(treeOf({ pid: 7, start: 100 }, [stranger])).toEqual([]);
  });

  test('what a dead leader left in its group is found', () => {
    const orphan = { pid: 8, start: 120, parent: 1, group: 7, gone: false };
    const elder = { pid: 9, start: 90, parent: 1, group: 7, gone: false };
    expect(treeOf({ pid: 7, start: 100 }, [orphan, elder])).toEqual([{ pid: 8, start: 120 }]);
  });
});

describe('ending', () => {
  test('an orderly end waits for the process', async () => {
    const { leader, exited } = await start(
      `process.on('SIGTERM', () => process.exit(3)); setInterval(() => {}, 1e6); console.log('up')`,
    );
    await endTree({ what: 'it', leader, orderly: 'SIGTERM' });
    expect((await exited)[0]).toBe(3);
  });

  test('one that refuses is killed when patience ends, with its children', async () => {
    const { leader, said } = await start(
      `const c = require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { detached: true });
       process.on('SIGTERM', () => {}); setInterval(() => {}, 1e6); console.log(c.pid)`,
    );
    const child = identityOf(Number(said));
    expect(isAlive(child)).toBe(true);
    await endTree({ what: 'it', leader, orderly: 'SIGTERM', patienceMs: 200 });
    expect([isAlive(leader), isAlive(child)]).toEqual([false, false]);
  });

  test('a stopped one ends as well', async () => {
    const { leader } = await start(`setInterval(() => {}, 1e6); console.log('up')`);
    process.kill(leader.pid, 'SIGSTOP');
    await endTree({ what: 'it', leader, orderly: 'SIGTERM', patienceMs: 5_000 });
    expect(isAlive(leader)).toBe(false);
  });
});

describe('the lock', () => {
  const file = () => join(directory, 'it.lock');

  test('is taken over from a holder that died, and from one whose pid is somebody else now', async () => {
    for (const holder of [{ pid: 2 ** 22 + 1, start: 1 }, recycled()]) {
      writeFileSync(file(), JSON.stringify(holder));
      await expect(withLock({ file: file() }, () => Promise.resolve('held'))).resolves.toBe('held');
    }
    expect(readdirSync(directory)).toEqual([]);
  });

  test('admits one at a time', async () => {
    let inside = 0;
    let most = 0;
    const body = async () => {
      most = Math.max(most, (inside += 1));
      await new Promise(setImmediate);
      inside -= 1;
    };
    await Promise.all([1, 2, 3].map(() => withLock({ file: file() }, body)));
    expect(most).toBe(1);
  });

  test('is given back when the body fails, and waiting for it can be given up', async () => {
    await expect(withLock({ file: file() }, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    const stop = new AbortController();
    await withLock({ file: file() }, async () => {
      const waiting = withLock({ file: file(), signal: stop.signal, onWait: () => stop.abort() }, () =>
        Promise.resolve(),
      );
      await expect(waiting).rejects.toThrow(/abort/i);
    });
  });
});

describe('a stack that another process opened', () => {
  const record = {
    part: 'kafka' as const,
    address: '127.0.0.1:29092',
    external: false,
    version: '4.1.1',
    ports: { main: 29092 },
    command: 'true',
    args: [],
    cwd: '/',
    env: {},
    logFile: '/dev/null',
  };

  test('is found by its directory, addresses and all', () => {
    writeStack(directory, { owner: recycled(), parts: ['kafka'], temporalBinary: '' });
    writeServer(directory, record);
    const stack = attachStack(directory);
    expect(stack.addresses).toMatchObject({ kafka: '127.0.0.1:29092', postgres: '', temporalUi: '' });
    expect(stack.environment()).toEqual({ KAFKA_BROKERS: '127.0.0.1:29092', SLIPSTREAM_STACK: directory });
  });

  test('a server whose pid was given to somebody else does not run, and a stop leaves that one alone', async () => {
    writeStack(directory, { owner: recycled(), parts: ['kafka'], temporalBinary: '' });
    writeServer(directory, { ...record, leader: recycled() });
    const stack = attachStack(directory);
    expect([stack.servers.kafka.isRunning(), stack.servers.kafka.pid]).toEqual([false, undefined]);
    await stack.stop();
    await stack.servers.kafka.kill();
  });

  test('a server given by an address is not ours to stop', async () => {
    writeStack(directory, { owner: recycled(), parts: ['kafka'], temporalBinary: '' });
    writeServer(directory, { ...record, external: true });
    await expect(attachStack(directory).servers.kafka.kill()).rejects.toThrow(
      /KAFKA_BROKERS.*not ours to start or stop/,
    );
  });

  test('where there is none, the error says how to open one', () => {
    expect(() => attachStack(join(directory, 'none'))).toThrow(/There is no stack in .*openStack/);
  });
});
