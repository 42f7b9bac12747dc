import { InvalidConfig } from '../../model/errors';
import { finding, type Finding, type PartReport } from '../../model/finding';
import { addressOf } from '../../model/judge-login';
import type { TableSchema } from '../../model/schema';
import type { DefinitionOf, StoreCheck } from '../check';
import { errorType } from './answers';
import { connect, type Answer, type Connection } from './client';
import { askWho, readCluster, type ClusterFacts } from './facts';
import { surveyFields } from './fields';
import { judgeCluster, judgeFields } from './judge';
import { generationNumber } from './names';
import { settingProblems } from './overrides';
import { products } from './product';

type Check = StoreCheck<DefinitionOf<'elasticsearch'>>;

/** `connectTo`: replaced by tests, to answer as clusters do that are not at hand. */
export async function checkElasticsearch(
  check: Check,
  signal: AbortSignal,
  connectTo: (url: string) => Connection = connect,
): Promise<PartReport> {
  const part = `stores.${check.store}`;
  let connection: Connection;
  try {
    connection = connectTo(check.url);
  } catch (error) {
    return { part, facts: [], findings: [unlikeUrl(error, check)] };
  }
  try {
    const who = await askWho(connection.ask, signal);
    const refused = judgeAnswer(who, check);
    if (refused !== null) return { part, facts: [], findings: [refused] };
    const cluster = await readCluster(connection.ask, who, check.definition.index, signal);
    const findings = [
      ...judgeCluster(cluster, { ...check, ...check.definition }),
      ...(await fieldFindings(check, cluster)),
    ];
    return { part, facts: describe(cluster, check.definition.index), findings };
  } catch (error) {
    signal.throwIfAborted();
    return { part, facts: [], findings: [unanswered(error, check)] };
  } finally {
    await connection.close();
  }
}

function placeOf({ definition, url }: Check): string {
  return `${definition.url.env} (${addressOf(url)})`;
}

function unlikeUrl(error: unknown, check: Check): Finding {
  const what = error instanceof InvalidConfig ? error.message : 'its value is not a URL.';
  const variable = check.definition.url.env;
  return finding('store-url', { where: variable, what, cure: `Set ${variable} to https://user:password@host:port` });
}

/** Only what refuses us for good; `GET /` is absent from some builds, and is then answered with 405. */
function judgeAnswer(answer: Answer, check: Check): Finding | null {
  const { status } = answer;
  if (status === 401 || status === 403) {
    const what = `Elasticsearch answers ${status} (${errorType(answer)}).`;
    const cure = `Correct user and password in ${check.definition.url.env}.`;
    return finding('store-login', { where: placeOf(check), what, cure });
  }
  return status >= 500 ? unreachable(`it answers ${status}.`, check) : null;
}

function unanswered(error: unknown, check: Check): Finding {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof InvalidConfig)) return unreachable(message, check);
  return finding('store-kind', { where: placeOf(check), what: message, cure: `Correct ${check.definition.url.env}.` });
}

function unreachable(what: string, check: Check): Finding {
  const cure = `Start the cluster, or correct host and port in ${check.definition.url.env}.`;
  return finding('store-unreachable', { where: placeOf(check), what, cure });
}

async function fieldFindings(check: Check, { indexes }: ClusterFacts): Promise<Finding[]> {
  const tables = await check.tables;
  if (tables === null) return [];
  const { definition, store } = check;
  const { problems } = surveyFields(known(definition, tables), tables);
  const asked = [...settingProblems(definition), ...problems];
  const clashes = asked.map(({ place, what, cure }) => {
    const at = /^(settings|fields)\./.test(place) ? place : `tables.${place}`;
    return finding('store-fields', { where: `stores.${store}.${at}`, what, cure });
  });
  const ours = indexes.filter(({ name, meta }) => generationNumber(definition.index, name) !== null && meta !== null);
  const differing = ours.flatMap((index) => {
    const made = index.meta?.store === store && index.meta.pipeline === check.pipeline ? index.meta.definition : null;
    if (made?.type !== 'elasticsearch' || !Object.keys(made.tables).every((name) => has(tables, name))) return [];
    const { fields } = surveyFields(made, tables);
    const expected = Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, String(field['type'])]));
    return judgeFields(index, { store, expected });
  });
  return [...clashes, ...differing];
}

/** Tables that the source has: those that it has not are its own finding. */
function known<Definition extends Check['definition']>(
  definition: Definition,
  tables: readonly TableSchema[],
): Definition {
  const entries = Object.entries(definition.tables).filter(([name]) => has(tables, name));
  return { ...definition, tables: Object.fromEntries(entries) };
}

function has(tables: readonly TableSchema[], name: string): boolean {
  return tables.some((table) => table.name === name);
}

function describe({ product, version, health, indexes }: ClusterFacts, index: string): string[] {
  const built = indexes.filter(({ name }) => generationNumber(index, name) !== null).length;
  return [
    `${products[product].title} ${version ?? 'of unknown version'}, health ${health ?? 'unknown'}`,
    `alias ${index}: ${built === 0 ? 'to be made, no generation yet' : `${built} generation(s)`}`,
  ];
}
