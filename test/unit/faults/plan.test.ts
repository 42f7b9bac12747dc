import { describeFault, isOfCopy, planFaults } from '../../faults/plan';
import { crashPoints } from '../../support/misdeeds';

it('the same seed gives the same plan, another seed another one', () => {
  expect(planFaults(7, 'drawn')).toEqual(planFaults(7, 'drawn'));
  expect(planFaults(7, 'drawn')).not.toEqual(planFaults(8, 'drawn'));
});

it('a plan over points has each of them once and three kills at random, the points of the copy first', () => {
  const plan = planFaults(7, crashPoints);
  const points = plan.flatMap((fault) => (fault.kind === 'crash' ? [fault.point] : []));
  expect([...points].sort()).toEqual([...crashPoints].sort());
  expect(plan.filter(({ kind }) => kind === 'kill')).toHaveLength(3);
  const firstOther = plan.findIndex((fault) => !isOfCopy(fault));
  expect(plan.slice(firstOther).some(isOfCopy)).toBe(false);
});

it('drawn plans come to every kind of fault, and each is described', () => {
  const faults = Array.from({ length: 100 }, (_, seed) => planFaults(seed, 'drawn')).flat();
  expect(new Set(faults.map(({ kind }) => kind))).toEqual(new Set(['crash', 'kill', 'terminate', 'freeze', 'server']));
  for (const fault of faults) expect(describeFault(fault)).toMatch(/\w/);
});
