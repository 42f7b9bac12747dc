import { startArguments } from './temporal-cli';
import { workerScript } from './worker-process';

/** Where the parts of a running demo are. */
export interface Place {
  /** What the worker and the shop's commands read; no value holds a space. */
  readonly environment: Readonly<Record<string, string>>;
  readonly temporalBinary: string;
  readonly temporalAddress: string;
  readonly temporalUi: string;
  readonly workerPid: number;
  readonly workerLog: string;
}

/** Four things to try, each with lines that can be pasted into a second terminal in the project's folder. Pure. */
export function thingsToTry(place: Place): string[] {
  const { temporalBinary, temporalAddress, temporalUi, workerPid, workerLog } = place;
  const temporal = quoted(temporalBinary);
  const address = `--address ${temporalAddress}`;
  const order = `'{"store":"search","reason":"to see it happen"}'`;
  return [
    `Web UI        ${temporalUi}`,
    `Worker's log  ${workerLog}`,
    '',
    'Four things to try, in a second terminal, from this folder:',
    '',
    '1. Change a row and see it searched.',
    `   ${variables(place, ['SHOP_DATABASE_URL', 'SHOP_ELASTICSEARCH_URL'])} node dist/examples/shop/change.js`,
    '',
    '2. Kill the worker, see the stores stand still, start another and see them catch up.',
    `   kill -9 ${workerPid}`,
    `   ${variables(place, Object.keys(place.environment))} node ${workerScript}`,
    '',
    '3. Ask where everybody stands.',
    `   ${temporal} workflow query ${address} -w sync/shop --type status`,
    '',
    '4. Build the search index anew while it is in use.',
    `   ${temporal} workflow signal ${address} -w sync/shop --name rebuild --input ${order}`,
    '',
  ];
}

/** How the demo has started the pipeline, as people would type it. */
export function startLine({
  temporalBinary,
  temporalAddress,
}: Pick<Place, 'temporalBinary' | 'temporalAddress'>): string {
  return `${quoted(temporalBinary)} ${startArguments.join(' ')} --address ${temporalAddress}`;
}

function variables({ environment }: Place, names: readonly string[]): string {
  return names.map((name) => `${name}=${quoted(environment[name] ?? '')}`).join(' ');
}

/** As a shell takes it for one word. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
