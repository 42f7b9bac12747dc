import { everyPoint, type CrashPoint } from '../support/misdeeds';
import { seeded, type Random } from '../support/random';

/** What is done to a running pipeline. */
export type Fault =
  /** The worker kills itself at this point, at this passing. */
  | { readonly kind: 'crash'; readonly point: CrashPoint; readonly passing: number }
  /** SIGKILL at whatever it is doing. */
  | { readonly kind: 'kill' }
  /** SIGTERM while another worker is there to take over. */
  | { readonly kind: 'terminate' }
  /** SIGSTOP past the heartbeat timeout, another worker takes over, SIGCONT. */
  | { readonly kind: 'freeze' }
  | {
      readonly kind: 'server';
      readonly part: 'postgres' | 'kafka' | 'elasticsearch' | 'redis' | 'temporal';
      readonly how: 'kill' | 'stop';
      /** How long it stays away. */
      readonly seconds: number;
    };

/** `drawn`: a few faults of any kind. Else every point named, and three kills at random. */
export type Points = 'drawn' | readonly CrashPoint[];

/**
 * The faults of one run, in order. The same seed gives the same plan; what the processes make of it differs from run to
 * run, as it does in life.
 */
export function planFaults(seed: number, points: Points): Fault[] {
  const random = seeded(seed);
  const faults = points === 'drawn' ? drawn(random) : all(random, points);
  // A copy happens once, at the start: its points come first.
  return [...faults.filter(isOfCopy), ...faults.filter((fault) => !isOfCopy(fault))];
}

export function isOfCopy(fault: Fault): boolean {
  return fault.kind === 'crash' && fault.point.startsWith('copy.');
}

export function describeFault(fault: Fault): string {
  switch (fault.kind) {
    case 'crash':
      return `kill -9 at ${fault.point}, passing ${fault.passing}`;
    case 'kill':
      return 'kill -9 at random';
    case 'terminate':
      return 'SIGTERM with a successor';
    case 'freeze':
      return 'SIGSTOP, takeover, SIGCONT';
    case 'server':
      return `${fault.part}: ${fault.how}, away for ${fault.seconds} s`;
  }
}

function all(random: Random, points: readonly CrashPoint[]): Fault[] {
  return shuffled(random, [
    ...points.map((point) => crash(random, point)),
    ...Array.from({ length: 3 }, () => ({ kind: 'kill' }) as const),
  ]);
}

function drawn(random: Random): Fault[] {
  const faults = Array.from({ length: random.between(3, 5) }, () => draw(random));
  // Each point of the copy at most once: the tables are small, and most of them would be copied by then.
  return faults.filter((fault, at) => !isOfCopy(fault) || faults.findIndex((one) => samePoint(one, fault)) === at);
}

function samePoint(left: Fault, right: Fault): boolean {
  return left.kind === 'crash' && right.kind === 'crash' && left.point === right.point;
}

function draw(random: Random): Fault {
  const roll = random.next();
  if (roll < 0.5) return crash(random, random.pick(everyPoint));
  if (roll < 0.6) return { kind: 'kill' };
  if (roll < 0.7) return { kind: 'terminate' };
  if (roll < 0.8) return { kind: 'freeze' };
  const part = random.pick(['postgres', 'kafka', 'elasticsearch', 'redis', 'temporal'] as const);
  return { kind: 'server', part, how: random.pick(['kill', 'stop'] as const), seconds: random.between(0, 15) };
}

function crash(random: Random, point: CrashPoint): Fault {
  const once = point.startsWith('generation.') || point.endsWith('slice-end');
  return { kind: 'crash', point, passing: once ? 1 : random.between(1, 3) };
}

function shuffled<T>(random: Random, items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: random.next() }))
    .sort((left, right) => left.at - right.at)
    .map(({ item }) => item);
}
