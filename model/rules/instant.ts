/**
 * A point of time as whole days and microseconds of the day, since 1970 and in UTC: exact over all that PostgreSQL has,
 * which is more than one JavaScript number of microseconds can hold. Infinities are days.
 */
export interface Instant {
  readonly days: number;
  readonly micros: number;
}

const dayMicros = 86_400_000_000;

/** What a text says of a point of time; `zoned` when it says where. */
interface Written extends Instant {
  readonly dated: 'day' | 'time';
  readonly zoned: boolean;
}

const form =
  /^(\d{4,7})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?(Z|[+-]\d\d(?::?\d\d(?::\d\d)?)?)?)?( BC)?$/;

/** PostgreSQL's ISO form and ISO 8601, a day alone too. null: none of them, or no such day. */
export function readInstant(text: string): Written | null {
  if (text === 'infinity' || text === '-infinity') {
    const days = text === 'infinity' ? Infinity : -Infinity;
    return { days, micros: 0, dated: 'day', zoned: true };
  }
  const match = form.exec(text);
  if (!match) return null;
  const [, year, month, day, hour, minute, second, fraction, zone, era] = match;
  const days = dayNumber(era === undefined ? Number(year) : 1 - Number(year), Number(month), Number(day));
  const time = hour === undefined ? 0 : timeOfDay(hour, minute ?? '0', second ?? '0', fraction ?? '');
  if (days === null || time === null) return null;
  const local = time - offsetMicros(zone);
  const shift = Math.floor(local / dayMicros);
  return {
    ...{ days: days + shift, micros: local - shift * dayMicros },
    ...{ dated: hour === undefined ? 'day' : 'time', zoned: zone !== undefined },
  };
}

export function compareInstants(left: Instant, right: Instant): number {
  // Not by subtraction: infinity minus infinity is no number.
  if (left.days !== right.days) return left.days < right.days ? -1 : 1;
  return left.micros - right.micros;
}

/** Microseconds since midnight of a time without a zone, up to 24:00:00. */
export function readTime(text: string): number | null {
  const [, hour, minute, second, fraction = ''] = /^(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?$/.exec(text) ?? [];
  return hour === undefined ? null : timeOfDay(hour, minute ?? '0', second ?? '0', fraction);
}

/** As PostgreSQL writes a `date`. */
export function writeDay({ days }: Instant): string {
  if (!Number.isFinite(days)) return days > 0 ? 'infinity' : '-infinity';
  const { year, month, day } = civil(days);
  const shown = year > 0 ? year : 1 - year;
  return `${String(shown).padStart(4, '0')}-${two(month)}-${two(day)}${year > 0 ? '' : ' BC'}`;
}

/** As PostgreSQL writes a `timestamptz` in UTC. */
export function writeInstant(instant: Instant): string {
  if (!Number.isFinite(instant.days)) return writeDay(instant);
  const [day = '', era = ''] = writeDay(instant).split(/(?= BC)/);
  return `${day} ${writeTime(instant.micros)}+00${era}`;
}

/** `null` where ISO 8601 has no four digits for the year. */
export function writeIso(instant: Instant, form: 'day' | 'local' | 'zoned'): string | null {
  const day = writeDay(instant);
  if (!/^\d{4}-\d\d-\d\d$/.test(day)) return null;
  return form === 'day' ? day : `${day}T${writeTime(instant.micros)}${form === 'zoned' ? 'Z' : ''}`;
}

function writeTime(micros: number): string {
  const seconds = Math.floor(micros / 1_000_000);
  const fraction = String(micros % 1_000_000)
    .padStart(6, '0')
    .replace(/0+$/, '');
  const time = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(two).join(':');
  return fraction === '' ? time : `${time}.${fraction}`;
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}

function timeOfDay(hour: string, minute: string, second: string, fraction: string): number | null {
  const [h, m, s] = [Number(hour), Number(minute), Number(second)];
  const micros = ((h * 60 + m) * 60 + s) * 1_000_000 + Number(fraction.padEnd(6, '0'));
  return m > 59 || s > 59 || micros > dayMicros ? null : micros;
}

function offsetMicros(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z') return 0;
  const [hours = 0, minutes = 0, seconds = 0] = (zone.slice(1).match(/\d\d/g) ?? []).map(Number);
  return (zone.startsWith('-') ? -1 : 1) * ((hours * 60 + minutes) * 60 + seconds) * 1_000_000;
}

const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Days since 1970 in the proleptic Gregorian calendar; years count from 1 downwards through 0. null: no such day. */
function dayNumber(year: number, month: number, day: number): number | null {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const length = (monthDays[month - 1] ?? 0) + (month === 2 && leap ? 1 : 0);
  if (day < 1 || day > length) return null;
  const before = monthDays.slice(0, month - 1).reduce((sum, each) => sum + each, 0) + (month > 2 && leap ? 1 : 0);
  return daysBefore(year) - daysBefore(1970) + before + day - 1;
}

/** Days of all years below this one, counted from year 1. */
function daysBefore(year: number): number {
  const past = year - 1;
  return past * 365 + Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400);
}

function civil(days: number): { year: number; month: number; day: number } {
  const absolute = days + daysBefore(1970);
  let year = Math.floor(absolute / 365.2425) + 1;
  while (daysBefore(year + 1) <= absolute) year += 1;
  while (daysBefore(year) > absolute) year -= 1;
  const leap = daysBefore(year + 1) - daysBefore(year) === 366;
  let left = absolute - daysBefore(year);
  let month = 1;
  for (const [index, plain] of monthDays.entries()) {
    const length = plain + (index === 1 && leap ? 1 : 0);
    if (left < length) break;
    left -= length;
    month += 1;
  }
  return { year, month, day: left + 1 };
}
