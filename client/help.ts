import { storeTypes } from '../model/pipeline-file';
import type { Name } from './arguments';
import { exitCodes, type Outcome } from './outcome';
import { wrap } from './text';

const meanings: Readonly<Record<Outcome, string>> = {
  ok: 'done',
  failed: 'failed; for wait also: something is BLOCKED or STOPPED and will not come by itself',
  usage: 'the command line is wrong',
  invalidConfig: 'the pipeline file, a definition or an environment variable is wrong; nothing was changed',
  notFound: 'no such pipeline, store or parked record',
  unreachable: 'Temporal, or a worker of ours, does not answer',
  timeout: 'the time of wait ran out',
  alreadyRuns: 'start: the pipeline runs already; nothing was changed',
};

/** Which commands may end so; what is not named here may happen to all. */
const endings: Readonly<Partial<Record<Outcome, readonly Name[]>>> = {
  notFound: ['init', 'status', 'wait', 'pause', 'resume', 'retry', 'rebuild', 'copy', 'parked', 'stop'],
  timeout: ['wait'],
  alreadyRuns: ['start'],
};

function exitCodeLines(): string {
  return Object.entries(exitCodes)
    .flatMap(([name, code]) => {
      const outcome = name as Outcome;
      const commands = endings[outcome] ?? ['all'];
      return wrap(`${meanings[outcome]} (${commands.join(', ')})`, 90).map((line, at) =>
        at === 0 ? `  ${code}    ${line}` : `       ${line}`,
      );
    })
    .concat('  130  Ctrl-C (all)')
    .join('\n');
}

/** What `slipstream --help` prints. */
export const help = `slipstream: keeps derived stores equal to a PostgreSQL leader

  slipstream init                  write a first pipeline file from a live database's catalogue
      --url-env VARIABLE           holds the source's URL; default DATABASE_URL
      --store NAME=TYPE:VARIABLE   again for another store; TYPE is one of
                                   ${storeTypes.join(', ')}
      --tables PATTERN,…  --name NAME  --out FILE (default pipeline.json)  --force
  slipstream doctor <pipeline.json>
                                   check all that it needs; changes nothing, says what mends it
  slipstream plan <pipeline.json>  what may be promised of each store, and what that rests on
  slipstream start <pipeline.json> check the file and start its pipeline
  slipstream status <pipeline>     where capture and every store stand
      --watch                      until Ctrl-C; on a terminal as a picture, else a line every 5 s
  slipstream wait <pipeline>       until every store is LIVE
      --timeout SECONDS            default 600
  slipstream pause <pipeline>      stop following, keep every place
  slipstream resume <pipeline>     go on after a pause
  slipstream retry <pipeline>      try again now what is DEGRADED or BLOCKED
      --store NAME                 only this store, or only: capture
  slipstream rebuild <pipeline>    build a store anew beside the live one
      --store NAME --reason TEXT   both needed; the reason is kept in the history
      --definition FILE            the store's new part of the pipeline file
  slipstream copy <pipeline>       one of these
      --table TABLE                copy this table once more, and delete what is gone
      --key JSON                   of that table only the row with this key: {"id":17}; repeatable
      --pause, --resume            the reading of existing rows; changes are followed all the time
  slipstream parked <action> <pipeline> <store>   records that the store could not take
      list                         which rows, why, and their keys
      show --key KEY               the records of one row, whole
      retry --key KEY, --all       apply them after all, in their order
      skip --key KEY               --offset OFFSET, or --all: let go for good
      accept                       promote a rebuild with more parked than readers miss now
  slipstream stop <pipeline>       end the pipeline; stores, log and slot stay as they are

  --json     the answer as JSON on standard output, errors too: {"error", "exitCode", "message"}
  --help     this page

Environment
  TEMPORAL_ADDRESS        default 127.0.0.1:7233
  TEMPORAL_NAMESPACE      default default
  SLIPSTREAM_TASK_QUEUE   default slipstream

Exit codes, and the commands that may end so
${exitCodeLines()}

An error is one line on standard error, with details on the lines after it.
`;
