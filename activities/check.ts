import { InvalidConfig, Unavailable } from '../model/errors';
import { atStart, finding, isError, listFindings, type Finding } from '../model/finding';
import { judgeRequirementsOfTypes } from '../model/judge-guarantees';
import { parsePipeline, readsBack, type Pipeline, type StoreDefinition } from '../model/pipeline';
import { storePlace } from '../model/store-place';
import type { Activities } from './activities';
import { judgeMappings, runChecks } from './checks/run-checks';
import type { Deps } from './deps';
import { withVersions } from './transforms';

type CheckActivities = Pick<Activities, 'checkPipeline' | 'checkDefinition'>;

/** Refuses what is wrong before anything is created: the same checks that `slipstream doctor` shows. */
export function checkActivities(deps: Deps): CheckActivities {
  return {
    async checkPipeline({ file }) {
      const pipeline = withVersions(parsePipeline(file), deps.transforms);
      const { checks, secret } = deps;
      const reports = await runChecks({ pipeline, checks, secret, continuity: false });
      const findings = reports.flatMap((report) => report.findings);
      refuse(`Pipeline ${pipeline.name} cannot run as things are:`, findings);
      waitFor(pipeline, findings);
      for (const { code, where, what, cure } of findings) {
        deps.log('warn', `${where}: ${what} ${cure}`, { pipeline: pipeline.name, code });
      }
      return { pipeline };
    },
    async checkDefinition({ pipeline, store, definition }) {
      const current = pipeline.stores[store];
      if (!current) throw new InvalidConfig(`Pipeline ${pipeline.name} has no store '${store}'.`);
      // Parsed as part of its pipeline: a definition alone could name tables that nobody captures.
      const written = parsePipeline({ ...pipeline, stores: { ...pipeline.stores, [store]: definition } });
      const whole = withVersions(written, deps.transforms, store);
      const parsed = whole.stores[store];
      if (!parsed) throw new InvalidConfig(`The new definition of '${store}' is empty.`);
      const heading = `The new definition of ${pipeline.name}/${store} does not fit:`;
      refuse(heading, placeProblems(store, current, parsed));
      const tables = await deps.readTables(
        deps.secret(pipeline.source.url),
        Object.keys(parsed.tables),
        readsBack(pipeline),
      );
      refuse(heading, judgeMappings(store, parsed, tables));
      refuse(heading, judgeRequirementsOfTypes({ pipeline, store, definition: parsed }, tables));
      return { definition: parsed };
    },
  };
}

/** All of them at once: who corrects one at a time starts as often. */
function refuse(heading: string, findings: readonly Finding[]): void {
  const refused = findings.filter((each) => isError(each) && atStart(each) === 'refused');
  if (refused.length > 0) throw new InvalidConfig(listFindings(heading, refused));
}

/** A source that does not answer says nothing about the configuration: it may be starting too. */
function waitFor({ name }: Pipeline, findings: readonly Finding[]): void {
  const waited = findings.filter((each) => isError(each) && atStart(each) === 'waited');
  if (waited.length > 0) throw new Unavailable(listFindings(`Pipeline ${name} waits:`, waited));
}

/** A rebuild changes what is in the store, not where the store is: a generation beside the live one shares its place. */
function placeProblems(store: string, current: StoreDefinition, next: StoreDefinition): Finding[] {
  const place = (definition: StoreDefinition) =>
    `${definition.type} ${definition.url.env} ${storePlace(store, definition).name}`;
  if (place(current) === place(next)) return [];
  return [
    finding('wrong-value', {
      where: `stores.${store}`,
      what: 'a new definition may change what is in the store, and not where the store is.',
      cure: `Leave type, url and ${storePlace(store, current).key} as they are.`,
    }),
  ];
}
