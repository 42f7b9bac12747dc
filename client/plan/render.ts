import { listFindings, type Finding } from '../../model/finding';
import type { SheetLine } from '../../model/guarantees';
import { left, painter, wrap, type Colour } from '../text';
import type { StoreSheet } from './plan';

const verdicts: Readonly<Record<SheetLine['verdict'], { readonly word: string; readonly colour: Colour }>> = {
  given: { word: 'yes', colour: 'green' },
  weakened: { word: 'but', colour: 'yellow' },
  'not given': { word: 'no', colour: 'red' },
};

/** Every store with its lines: the promise, why it is less than that, and what it rests on. Pure. */
export function renderPlan(picture: {
  readonly pipeline: string;
  readonly stores: Readonly<Record<string, StoreSheet>>;
  readonly findings: readonly Finding[];
  readonly colour: boolean;
  readonly columns: number;
}): string[] {
  const { pipeline, stores, findings, colour, columns } = picture;
  const paint = painter(colour);
  const width = Math.max(40, columns - 10);
  const indented = (text: string, mark: string) =>
    wrap(text, width).map((line, at) => `      ${at === 0 ? mark : ' '.repeat(mark.length)}${line}`);
  const told = ({ guarantee, verdict, promise, because, premises }: SheetLine, demanded: boolean) => {
    const { word, colour: paintedIn } = verdicts[verdict];
    return [
      `  ${paint(left(word, 3), paintedIn)} ${paint(guarantee, 'bold')}${demanded ? ' (required)' : ''}`,
      ...indented(promise, ''),
      ...because.flatMap((reason) => indented(reason, verdict === 'weakened' ? 'but: ' : 'since: ')),
      // What a promise rests on is of no interest where there is none.
      ...(verdict === 'not given' ? [] : premises.flatMap((premise) => indented(premise, 'if: '))).map((line) =>
        paint(line, 'dim'),
      ),
    ];
  };
  return [
    `${pipeline}: what may be promised of each store, and what that rests on`,
    ...Object.entries(stores).flatMap(([store, { type, require, guarantees }]) => [
      '',
      paint(`${store} (${type})`, 'bold'),
      ...guarantees.flatMap((line) => told(line, require.includes(line.guarantee))),
    ]),
    ...(findings.length === 0 ? [] : ['', ...listFindings('The file is refused as it is:', findings).split('\n')]),
  ];
}
