import { listFindings } from '../../model/finding';
import type { SheetLine } from '../../model/guarantees';
import { judgeRequirementsOfTypes, lossesOf, sheetOf } from '../../model/judge-guarantees';
import { readPipeline, readsBack, type Pipeline } from '../../model/pipeline';
import type { TableSchema } from '../../model/schema';
import { resolveSecret } from '../../model/settings';
import { InvalidConfig } from '../../model/errors';
import type { Outcome } from '../outcome';
import { wantsColour, type Output } from '../status/screen';
import { renderPlan } from './render';

/** What may be promised of one store. */
export interface StoreSheet {
  readonly type: string;
  /** What the file demands of it. */
  readonly require: readonly string[];
  readonly guarantees: readonly SheetLine[];
}

interface Surroundings {
  readonly output: Output;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** What is asked of the source, where it can be; tests give another. */
export interface PlanParts {
  readonly readTables: (url: string, tables: readonly string[], readsBack: boolean) => Promise<readonly TableSchema[]>;
}

/** Loaded when it is needed: a file alone needs no driver. */
const realParts = async (): Promise<PlanParts> => import('../../worker/deps');

/**
 * `slipstream plan`: the guarantee sheet of every store. The pipeline file is enough; where the source's URL is in the
 * environment its catalogue is read too, since what values lose depends on their types. What the file demands and cannot
 * have is said after the sheet, which shows why: `invalidConfig`, as at a start. Throws `InvalidConfig` for a file of which
 * no pipeline can be made, and what the source answers when it cannot be read.
 */
export async function plan(
  content: unknown,
  { json }: { readonly json: boolean },
  { output, environment }: Surroundings,
  openParts: () => Promise<PlanParts> = realParts,
): Promise<Outcome> {
  const { pipeline, findings: ofFile } = readPipeline(content);
  if (pipeline === null) throw new InvalidConfig(listFindings('The pipeline file has problems:', ofFile));
  const tables = await lookAtTables(pipeline, environment, openParts);
  const findings = [...ofFile];
  const stores: Record<string, StoreSheet> = {};
  for (const [store, definition] of Object.entries(pipeline.stores)) {
    const require = [...new Set([...(pipeline.require ?? []), ...(definition.require ?? [])])];
    const losses = tables && lossesOf(definition, tables);
    stores[store] = { type: definition.type, require, guarantees: sheetOf({ pipeline, definition, losses }) };
    if (tables) findings.push(...judgeRequirementsOfTypes({ pipeline, store, definition }, tables));
  }
  const { name } = pipeline;
  if (json) output.write(`${JSON.stringify({ pipeline: name, stores, findings })}\n`);
  else {
    const look = { colour: wantsColour(output, environment), columns: output.columns ?? 100 };
    output.write(`${renderPlan({ pipeline: name, stores, findings, ...look }).join('\n')}\n`);
  }
  return findings.length === 0 ? 'ok' : 'invalidConfig';
}

/** null where the source's URL is not known here: then the sheet says that the types were not looked at. */
async function lookAtTables(
  pipeline: Pipeline,
  environment: Surroundings['environment'],
  openParts: () => Promise<PlanParts>,
): Promise<readonly TableSchema[] | null> {
  const { url, tables } = pipeline.source;
  if ((environment[url.env] ?? '') === '') return null;
  const { readTables } = await openParts();
  return readTables(resolveSecret(url, environment), tables, readsBack(pipeline));
}
