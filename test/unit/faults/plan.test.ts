import { describeFault, isOfCopy, planFaults } from '../../faults/plan';
import { everyPoint } from '../../support/misdeeds';

it('the same seed gives the same plan, another seed another one', () => {
  expect(planFaults(7, 'drawn')).toEqual(planFaults(7, 'drawn'));
  expect(planFaults(7, 'drawn')).not.toEqual(planFaults(8, 'drawn'));
});

it('a plan over points has each of them once and three kills at random, the points of the copy first', () => {
  const plan = planFaults(7, everyPoint);
  const points = plan.flatMap((fault) => (fault.kind === 'crash' ? [fault.point] : []));
  expect([...points].sort()).toEqual([...everyPoint].sort());
  expect(plan.filter(({ kind }) => kind === 'kill')).toHaveLength(3);
  const firstOther = plan.findIndex((fault) => !isOfCopy(fault));
  expect(plan.slice(firstOther).some(isOfCopy)).toBe(false);
});

it('drawn plans come to every kind of fault, and each is described', () => {
  const faults = Array.from({ length: 100 }, (_, seed) => planFaults(seed, 'drawn')).flat();
  expect(new Set(faults.map(({ kind }) => kind))).toEqual(new Set(['crash', 'kill', 'terminate', 'freeze', 'server']));
  const servers = new Set(faults.flatMap((fault) => (fault.kind === 'server' ? [fault.part] : [])));
  expect(servers).toEqual(new Set(['postgres', 'kafka', 'elasticsearch', 'redis', 'temporal']));
  for (const store of ['postgres', 'elasticsearch', 'redis']) {
    expect(faults.some((fault) => fault.kind === 'crash' && fault.point.startsWith(`${store}.`))).toBe(true);
  }
  for (const fault of faults) expect(describeFault(fault)).toMatch(/\w/);
});
