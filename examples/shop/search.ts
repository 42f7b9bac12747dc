import { CommandFailure } from '../../client/outcome';
import { search } from './search-index';
import { runShopCommand, variable } from './shop-command';

/** Searches the shop's products: `node dist/examples/shop/search.js oak chair`, with SHOP_ELASTICSEARCH_URL. */
async function searchProducts(): Promise<void> {
  const words = process.argv.slice(2).join(' ');
  if (words === '') throw new CommandFailure('usage', 'What for? Give some words, such as: oak chair');
  const { hits, total } = await search(variable('SHOP_ELASTICSEARCH_URL'), { match: { title: words } }, 10);
  for (const { body } of hits) {
    process.stdout.write(
      `${String(body['id']).padStart(6)}  ${String(body['price']).padStart(9)}  ${String(body['title'])}\n`,
    );
  }
  process.stdout.write(`${hits.length} of ${total} found\n`);
}

runShopCommand(searchProducts);
