'use strict';

const fs = require('node:fs');
const { execFileSync } = require('node:child_process');

/**
 * A pid alone names nobody: it is given to another process soon after its owner has died, and a stop that trusts it
 * ends a stranger. With the time at which the process started it names one process until the machine restarts.
 *
 * @typedef {{ pid: number, start: number }} Identity
 * @typedef {Identity & { parent: number, group: number, gone: boolean }} Process
 */

const hasProc = fs.existsSync('/proc/self/stat');

/**
 * `pid (name) state parent group …`: the name may hold spaces and brackets, so fields are counted from the last one.
 * The start is in clock ticks since boot.
 *
 * @param {string} text
 * @returns {Process | undefined}
 */
function parseStat(text) {
  const end = text.lastIndexOf(')');
  const fields = text.slice(end + 2).split(' ');
  const pid = Number.parseInt(text, 10);
  const start = Number(fields[19]);
  if (end < 0 || !Number.isInteger(pid) || !Number.isFinite(start)) return undefined;
  // A zombie is gone: where nothing reaps orphans (containers) it would be waited for in vain. But the first thread of a
  // killed JVM is a zombie while the others still close its sockets: only the last thread's end frees the ports.
  const gone = fields[0] === 'X' || (fields[0] === 'Z' && Number(fields[17]) <= 1);
  return { pid, start, parent: Number(fields[1]), group: Number(fields[2]), gone };
}

/** @param {string} text a line of `ps -axo pid=,ppid=,pgid=,stat=,lstart=` @returns {Process | undefined} */
function parsePsLine(text) {
  const [pid, parent, group, state, ...started] = text.trim().split(/\s+/);
  const start = Date.parse(started.join(' '));
  if (pid === undefined || Number.isNaN(start)) return undefined;
  return {
    pid: Number(pid),
    parent: Number(parent),
    group: Number(group),
    start,
    gone: state?.startsWith('Z') ?? true,
  };
}

/** @returns {Process[]} */
function listProcesses() {
  if (!hasProc) {
    const lines = execFileSync('ps', ['-axo', 'pid=,ppid=,pgid=,stat=,lstart='], { encoding: 'utf8' }).split('\n');
    return lines.flatMap((line) => parsePsLine(line) ?? []);
  }
  return fs.readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (processAt(Number(name)) ?? []) : []));
}

/** @param {number} pid @returns {Process | undefined} */
function processAt(pid) {
  try {
    if (hasProc) return parseStat(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'));
    return parsePsLine(
      execFileSync('ps', ['-o', 'pid=,ppid=,pgid=,stat=,lstart=', '-p', String(pid)], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    );
  } catch {
    return undefined;
  }
}

/** @param {number} pid @returns {Identity | undefined} undefined when no such process lives */
function identityOf(pid) {
  const found = processAt(pid);
  return found === undefined || found.gone ? undefined : { pid, start: found.start };
}

/** @param {Identity | undefined} identity */
function isAlive(identity) {
  return identity !== undefined && identityOf(identity.pid)?.start === identity.start;
}

/**
 * The process, its descendants and the members of the group it leads. When the leader is dead its group may live on
 * (Elasticsearch's server under a killed launcher): a pid is not given out again while a group bears it, and whoever
 * is older than our leader is not of our group.
 *
 * @param {Identity} leader
 * @param {Process[]} [all]
 * @returns {Identity[]}
 */
function treeOf(leader, all = listProcesses()) {
  const living = all.filter((one) => !one.gone);
  const holder = living.find((one) => one.pid === leader.pid);
  // Another process bears the pid now, so the group of that number is another group as well.
  if (holder !== undefined && holder.start !== leader.start) return [];
  const members = new Set(living.filter((one) => one.group === leader.pid && one.start >= leader.start));
  if (holder !== undefined) members.add(holder);
  for (let before = -1; before !== members.size;) {
    before = members.size;
    const pids = new Set([...members].map((one) => one.pid));
    for (const one of living) if (pids.has(one.parent)) members.add(one);
  }
  return [...members].map(({ pid, start }) => ({ pid, start }));
}

module.exports = { parseStat, parsePsLine, listProcesses, identityOf, isAlive, treeOf };
