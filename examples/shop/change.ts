import { setTimeout as pause } from 'node:timers/promises';
import { runShopCommand, variable } from './shop-command';
import { withClient } from './database';
import { search } from './search-index';
import { CommandFailure } from '../../client/outcome';

/** Longer than a rebuild of the shop's index takes. */
const patienceMs = 60_000;

interface Product {
  readonly id: string;
  readonly name: string;
}

/**
 * Renames one product in PostgreSQL, then searches Elasticsearch for the new name until it is found:
 * `node dist/examples/shop/change.js`, with SHOP_DATABASE_URL and SHOP_ELASTICSEARCH_URL.
 */
async function change(): Promise<void> {
  const databaseUrl = variable('SHOP_DATABASE_URL');
  const searchUrl = variable('SHOP_ELASTICSEARCH_URL');
  const word = Date.now().toString(36);
  const { before, after } = await withClient(databaseUrl, async (client) => {
    // Without the word that an earlier run has put behind the name.
    const { rows } = await client.query<{ before: string; id: string; name: string }>(
      `update products p set name = split_part(p.name, ' ~', 1) || ' ~' || $1, updated_at = now()
       from (select id, name from products where active order by random() limit 1) old
       where p.id = old.id returning old.name as before, p.id, p.name`,
      [word],
    );
    const [row] = rows;
    if (!row) throw new CommandFailure('failed', 'The shop has no active product to change.');
    return { before: row.before, after: row };
  });
  const committed = Date.now();
  process.stdout.write(`PostgreSQL     product ${after.id}: '${before}' is now '${after.name}'. Committed.\n`);
  const tries = await untilFound(searchUrl, after, committed);
  const seconds = ((Date.now() - committed) / 1_000).toFixed(2);
  process.stdout.write(
    `Elasticsearch  a search for '${after.name}' finds it after ${seconds} s (search ${tries}; an index shows what is new once a second).\n`,
  );
}

async function untilFound(url: string, { id, name }: Product, since: number): Promise<number> {
  for (let tries = 1; ; tries += 1) {
    const { hits } = await search(url, { match: { title: name } }, 20);
    if (hits.some(({ body }) => String(body['id']) === id && body['title'] === name)) return tries;
    if (Date.now() - since > patienceMs) {
      throw new CommandFailure('timeout', `Not found within 60 s. See why with: node dist/client/cli.js status shop`);
    }
    await pause(50);
  }
}

runShopCommand(change);
