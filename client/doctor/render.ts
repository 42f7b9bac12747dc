import { isError, type Finding, type PartReport } from '../../model/finding';
import { painter, wrap, type Colour } from '../text';

export interface DoctorPicture {
  readonly reports: readonly PartReport[];
  readonly colour: boolean;
  /** A terminal is drawn with marks; elsewhere they would be read by programs that know ASCII. */
  readonly unicode: boolean;
  readonly columns: number;
}

type Mark = 'good' | 'warning' | 'error';

const marks: Readonly<Record<Mark, { readonly unicode: string; readonly ascii: string; readonly colour: Colour }>> = {
  good: { unicode: '✓', ascii: 'ok', colour: 'green' },
  warning: { unicode: '!', ascii: '!!', colour: 'yellow' },
  error: { unicode: '✗', ascii: 'xx', colour: 'red' },
};

/** Every part with what is right and what is not; a cure that can be pasted has a line of its own. Pure. */
export function renderDoctor({ reports, colour, unicode, columns }: DoctorPicture): string[] {
  const paint = painter(colour);
  const width = Math.max(40, columns - 8);
  const marked = (mark: Mark, text: string): string[] => {
    const { colour: paintedIn, ...signs } = marks[mark];
    const sign = unicode ? signs.unicode : signs.ascii;
    return wrap(text, width).map((line, index) =>
      index === 0 ? `  ${paint(sign, paintedIn)} ${line}` : `  ${' '.repeat(sign.length)} ${line}`,
    );
  };
  const told = (finding: Finding): string[] => [
    ...marked(finding.severity, `${finding.where}: ${finding.what} (${finding.code})`),
    ...wrap(finding.why, width).map((line) => `      ${paint(line, 'dim')}`),
    ...cureLines(finding.cure, width).map((line) => `      ${paint(line, 'cyan')}`),
  ];
  return [
    ...reports.flatMap(({ part, facts, findings }) => [
      paint(part, 'bold'),
      ...facts.flatMap((fact) => marked('good', fact)),
      ...findings.flatMap(told),
      '',
    ]),
    closing(reports),
  ];
}

/** `Run: <statement>` becomes two lines, so that the statement can be copied whole. */
function cureLines(cure: string, width: number): string[] {
  const run = /^(.*\b[Rr]un[^:]*:) (.+)$/.exec(cure);
  return run ? [...wrap(run[1] ?? '', width), `  ${run[2] ?? ''}`] : wrap(cure, width);
}

export function countFindings(reports: readonly PartReport[]): { readonly errors: number; readonly warnings: number } {
  const findings = reports.flatMap((report) => report.findings);
  const errors = findings.filter(isError).length;
  return { errors, warnings: findings.length - errors };
}

function closing(reports: readonly PartReport[]): string {
  const { errors, warnings } = countFindings(reports);
  const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;
  const verdict = errors === 0 ? 'It can be started.' : 'Mend the errors, then check again. Nothing was changed.';
  return `${counted(errors, 'error')}, ${counted(warnings, 'warning')}. ${verdict}`;
}
