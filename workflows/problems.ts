import type { Problem } from '../model/status';

/** What went wrong, before it is known when and how often. */
export type Fault = Pick<Problem, 'type' | 'message'> & { readonly reason?: string };

/** How many `errors` remembers, and how many of them the next run is told. */
const remembered = 10;
const carried = 3;
const carriedLength = 240;

/** The same fault again raises its count; the newest is last; the oldest is forgotten. */
export function withProblem(problems: readonly Problem[], fault: Fault, now: number): readonly Problem[] {
  const same = problems.find((known) => isSame(known, fault));
  const others = problems.filter((known) => known !== same);
  return [...others, toProblem(fault, now, (same?.count ?? 0) + 1)].slice(-remembered);
}

export function toProblem(fault: Fault, now: number, count: number): Problem {
  return { ...fault, message: fault.message.slice(0, 1_000), at: new Date(now).toISOString(), count };
}

/** For the state that goes into the next run, which is to stay within 4 KB. */
export function carriedProblems(problems: readonly Problem[]): readonly Problem[] {
  return problems.slice(-carried).map(shortened);
}

export function shortened(problem: Problem): Problem {
  return problem.message.length <= carriedLength
    ? problem
    : { ...problem, message: `${problem.message.slice(0, carriedLength - 1)}…` };
}

function isSame(problem: Problem, fault: Fault): boolean {
  return (
    problem.type === fault.type && problem.reason === fault.reason && problem.message === fault.message.slice(0, 1_000)
  );
}
