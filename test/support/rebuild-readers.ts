import { DatabaseError } from 'pg';
import { ask } from './index-contents';
import { poll, type PollingReader } from './readers';
import type { Scenario } from './scenario';
import { totalBalance } from './workload-schema';

/** Accounts that are written all the time and never deleted: what a reader watches for a step back. */
const watched = [1, 2, 3, 4, 5];

const deadlockDetected = '40P01';

/** A pace, which nothing waits for: fifty times a second, and the machine is left to the others. */
const touchEveryMs = 20;

/** Keeps the watched rows changing until it is stopped. */
export async function touchWatched({ source }: Scenario, signal: AbortSignal): Promise<void> {
  const client = await source.connect();
  try {
    while (!signal.aborted) {
      await client.query('update accounts set owner = owner where id = any($1)', [watched]).catch(ignoreDeadlock);
      await new Promise((resolve) => setTimeout(resolve, touchEveryMs));
    }
  } finally {
    await client.end();
  }
}

/** Beside other writers of the same rows it may be the victim; the next touch comes soon. */
function ignoreDeadlock(error: unknown): void {
  if (!(error instanceof DatabaseError) || error.code !== deadlockDetected) throw error;
}

/** One statement a look: never empty, never half-built, one generation at a time, and no row older than before. */
export function pollReplica({ replica, schema, sizes }: Scenario): PollingReader {
  const older = noStepBack();
  const least = sizes.accounts;
  return poll(async () => {
    const [row] = await replica.query(
      `select (select sum(balance) from "${schema}".accounts) + (select sum(balance) from "${schema}".safes) as total,
         (select count(*) from "${schema}".accounts) as accounts,
         (select json_object_agg(id, revision) from "${schema}".accounts where id = any($1))::text as revisions`,
      [watched],
    );
    if (Number(row?.['accounts']) < least) return `only ${String(row?.['accounts'])} accounts are there`;
    if (row?.['total'] !== totalBalance(sizes)) return `the balances add up to ${String(row?.['total'])}`;
    return older(JSON.parse(String(row['revisions'])) as Record<string, number>);
  });
}

interface Found {
  readonly hits: {
    readonly total: { readonly value: number };
    readonly hits: readonly {
      readonly _index: string;
      readonly _source: { readonly id: string; readonly revision: string };
    }[];
  };
}

/** One search a look, as an application does it. */
export function pollIndex({ elasticsearchUrl, alias, sizes }: Scenario): PollingReader {
  const older = noStepBack();
  return poll(async () => {
    const { hits } = (await ask(elasticsearchUrl, `/${alias}/_search`, {
      body: {
        size: watched.length,
        track_total_hits: true,
        query: {
          bool: {
            should: { ids: { values: watched.map((id) => `accounts/${id}`), boost: 1000 } },
            must: { match_all: {} },
          },
        },
      },
    })) as Found;
    if (hits.total.value < sizes.accounts + sizes.vaults) return `only ${hits.total.value} documents are there`;
    const found = hits.hits.map(({ _source }) => [_source.id, Number(_source.revision)] as const);
    if (new Set(hits.hits.map(({ _index }) => _index)).size !== 1) return 'two generations answered one search';
    if (found.length !== watched.length || found.some(([id]) => !watched.includes(Number(id)))) {
      return `of the watched accounts only ${found.map(([id]) => id).join(', ')} are there`;
    }
    return older(Object.fromEntries(found));
  });
}

function noStepBack(): (revisions: Record<string, number>) => string | null {
  const seen: Record<string, number> = {};
  return (revisions) => {
    if (Object.keys(revisions).length !== watched.length) return 'a watched account is not there';
    for (const [id, revision] of Object.entries(revisions)) {
      const before = seen[id] ?? 0;
      if (revision < before) return `account ${id} went back from revision ${before} to ${revision}`;
      seen[id] = revision;
    }
    return null;
  };
}
