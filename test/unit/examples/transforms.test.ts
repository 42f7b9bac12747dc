import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectFolder } from '../../../examples/shop/project-folder';
import { describeProduct } from '../../../examples/transforms/describe-product';
import { withVersions } from '../../../activities/transforms';
import { createMapping } from '../../../model/mapping';
import { parsePipeline } from '../../../model/pipeline';

test("the example's file fits its function", () => {
  const file: unknown = JSON.parse(readFileSync(join(projectFolder, 'examples/transforms/pipeline.json'), 'utf8'));
  const { search } = withVersions(parsePipeline(file), { describeProduct }).stores;
  if (!search) throw new Error('no store');
  const map = createMapping(search, { describeProduct });
  const product = { id: '7', name: 'Green Lamp', category: 'light', price: '12.50', active: true, updated_at: 'x' };
  const change = (after: typeof product) => ({ table: 'public.products', key: { id: '7' }, after, schemaId: 'v' });
  expect(map(change(product), '1', [])).toEqual([
    {
      ...{ id: 'product-7', target: 'products', key: { id: '7' }, version: '1' },
      document: {
        ...{ id: '7', name: 'Green Lamp', updated_at: 'x' },
        ...{ summary: 'Green Lamp (light)', words: ['green', 'lamp', 'light'], cheap: true },
      },
    },
  ]);
  expect(map(change({ ...product, active: false }), '2', [])[0]?.document).toBeNull();
});
