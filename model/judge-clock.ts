import { finding, type Finding } from './finding';

/** Clocks kept by NTP are apart by milliseconds; more than this shows in the lag that people look at. */
const toleratedMs = 5_000;

/** One answer of a server that told its time, all in milliseconds since the Unix epoch. */
export interface ClockReading {
  readonly server: string;
  readonly serverMs: number;
  readonly askedAt: number;
  readonly answeredAt: number;
}

/** The server read its clock at some moment between question and answer; only what lies outside counts. Pure. */
export function judgeClock({ server, serverMs, askedAt, answeredAt }: ClockReading): Finding[] {
  const ahead = serverMs - answeredAt;
  const behind = askedAt - serverMs;
  const apart = Math.max(ahead, behind);
  if (apart <= toleratedMs) return [];
  return [
    finding('clock-skew', {
      where: `the clock of ${server}`,
      what: `it is ${Math.round(apart / 1_000)} s ${ahead > 0 ? 'ahead of' : 'behind'} this machine's.`,
      cure: 'Keep both by NTP: timedatectl set-ntp true',
    }),
  ];
}
