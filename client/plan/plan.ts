import { listFindings } from '../../model/finding';
import type { SheetLine } from '../../model/guarantees';
import { sheetOf } from '../../model/judge-guarantees';
import { readPipeline } from '../../model/pipeline';
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

/**
 * `slipstream plan`: the guarantee sheet of every store, from the pipeline file alone; no server is asked. What the file
 * demands and cannot have is said after the sheet, which shows why: `invalidConfig`, as at a start. Throws `InvalidConfig`
 * for a file of which no pipeline can be made.
 */
export function plan(
  content: unknown,
  { json }: { readonly json: boolean },
  { output, environment }: { output: Output; environment: Readonly<Record<string, string | undefined>> },
): Outcome {
  const { pipeline, findings } = readPipeline(content);
  if (pipeline === null) throw new InvalidConfig(listFindings('The pipeline file has problems:', findings));
  const stores: Record<string, StoreSheet> = {};
  for (const [store, definition] of Object.entries(pipeline.stores)) {
    const require = [...new Set([...(pipeline.require ?? []), ...(definition.require ?? [])])];
    stores[store] = { type: definition.type, require, guarantees: sheetOf({ pipeline, definition, losses: null }) };
  }
  const { name } = pipeline;
  if (json) output.write(`${JSON.stringify({ pipeline: name, stores, findings })}\n`);
  else {
    const look = { colour: wantsColour(output, environment), columns: output.columns ?? 100 };
    output.write(`${renderPlan({ pipeline: name, stores, findings, ...look }).join('\n')}\n`);
  }
  return findings.length === 0 ? 'ok' : 'invalidConfig';
}
