import { exitCodes, type Outcome } from './outcome';

const meanings: Readonly<Record<Outcome, string>> = {
  ok: 'done',
  failed: 'failed; for wait also: something is BLOCKED or STOPPED and will not come by itself',
  usage: 'the command line is wrong',
  invalidConfig: 'the pipeline file, a definition or an environment variable is wrong; nothing was changed',
  notFound: 'no such pipeline or store',
  unreachable: 'Temporal, or a worker of ours, does not answer',
  timeout: 'the time of wait ran out',
  alreadyRuns: 'start: the pipeline runs already; nothing was changed',
};

/** What `slipstream --help` prints. */
export const help = `slipstream: keeps derived stores equal to a PostgreSQL leader

  slipstream init                        write a first pipeline file from a live database's catalogue
                                         --url-env VARIABLE  holds the source's URL, default DATABASE_URL
                                         --store NAME=TYPE:VARIABLE  TYPE is postgres or elasticsearch;
                                                             again for another store
                                         [--tables PATTERN,…] [--name NAME] [--out FILE, default pipeline.json]
                                         [--force]
  slipstream start <pipeline.json>       check the file and start its pipeline
  slipstream status <pipeline>           where capture and every store stand   [--watch]
  slipstream wait <pipeline>             until every store is LIVE             [--timeout SECONDS, default 600]
  slipstream pause <pipeline>            stop following, keep every place      [--store NAME]
  slipstream resume <pipeline>           go on after a pause                   [--store NAME]
  slipstream retry <pipeline>            try again now what is DEGRADED or BLOCKED   [--store NAME]
  slipstream rebuild <pipeline>          build a store anew beside the live one
                                         --store NAME --reason TEXT            [--definition FILE]
  slipstream stop <pipeline>             end the pipeline; stores, log and slot stay as they are

  --store    the name of a store; for pause, resume and retry also: capture
  --json     the answer as JSON on standard output, errors too: {"error", "exitCode", "message"}
  --help     this page

Environment
  TEMPORAL_ADDRESS        default 127.0.0.1:7233
  TEMPORAL_NAMESPACE      default default
  SLIPSTREAM_TASK_QUEUE   default slipstream

Exit codes
${Object.entries(exitCodes)
  .map(([outcome, code]) => `  ${code}  ${meanings[outcome as Outcome]}`)
  .join('\n')}
`;
