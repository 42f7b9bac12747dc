import type { Locator, Page } from 'playwright-core';
import { width } from './chromium';

/** What the web UI remembers in the browser: our search attributes as columns, and its side panels shut. */
export const uiMemory = {
  'namespace-workflow-table-columns': JSON.stringify({
    default: ['Status', 'Workflow ID', 'Type', 'SyncStore', 'SyncStatus', 'SyncGeneration', 'Start'].map((label) => ({
      label,
    })),
  }),
  savedQueryNavOpen: 'false',
  navOpen: 'false',
};

/** Waits for a page of the web UI to say this. Its own first answer may be half a minute away on a busy machine. */
const patience = { timeout: 90_000 };

export interface Pictures {
  /** Of the web UI, without a slash at the end. */
  readonly address: string;
  readonly page: Page;
  /** Where a picture of that name goes. */
  readonly file: (name: string) => string;
}

/** The list of workflows, found and described by our search attributes. */
export async function takeList({ address, page, file }: Pictures, name: string): Promise<void> {
  const query = encodeURIComponent('SyncPipeline = "shop"');
  await page.goto(`${address}/namespaces/default/workflows?query=${query}`);
  await shown(page.getByText('SyncGeneration'));
  await shown(page.getByRole('link', { name: 'sync/shop/search' }));
  await page.screenshot({ path: file(name), clip: { x: 0, y: 0, width, height: 480 } });
}

/** What a workflow says of itself. `until`: a text that has to be there. */
export async function takeDetails(
  pictures: Pictures,
  { workflowId, until, name }: { workflowId: string; until: string; name: string },
): Promise<void> {
  const { page, file } = pictures;
  await openWorkflow(pictures, workflowId);
  await page.getByRole('tab', { name: 'User Metadata' }).click();
  // The UI shows each piece of Markdown in a frame of its own; the current details are the last.
  const details = page.frameLocator('iframe').last();
  await shown(details.getByText('To steer it'));
  await shown(details.getByText(until));
  await page.screenshot({ path: file(name), clip: { x: 0, y: 0, width, height: 960 } });
}

/** The slices of a workflow on its timeline, each with its summary. */
export async function takeTimeline(
  pictures: Pictures,
  { workflowId, until, name }: { workflowId: string; until: RegExp; name: string },
): Promise<void> {
  const { page, file } = pictures;
  await openWorkflow(pictures, workflowId);
  await shown(page.getByText(until));
  // Above it is the workflow's input, which is the pipeline file.
  const box = await page.getByRole('heading', { name: 'Timeline' }).boundingBox();
  await page.screenshot({ path: file(name), clip: { x: 0, y: (box?.y ?? 0) - 20, width, height: 620 } });
}

/** The dialog that sends a signal, with what each means. */
export async function takeSignals(pictures: Pictures, workflowId: string, name: string): Promise<void> {
  const { page, file } = pictures;
  // A dialog stands in the middle of the window, so the window has to be what is shown of it.
  const window = page.viewportSize() ?? { width, height: 900 };
  await page.setViewportSize({ width, height: 760 });
  await openWorkflow(pictures, workflowId);
  await page.getByRole('button', { name: 'More Actions' }).click();
  await page.getByRole('menuitem', { name: 'Send a Signal' }).click();
  await page.getByRole('button', { name: 'Select a signal' }).click();
  await shown(page.getByRole('option', { name: /^pause/ }));
  await page.screenshot({ path: file(name) });
  await page.setViewportSize(window);
}

async function openWorkflow({ address, page }: Pictures, workflowId: string): Promise<void> {
  await page.goto(`${address}/namespaces/default/workflows/${encodeURIComponent(workflowId)}`);
  await shown(page.getByRole('tab', { name: 'User Metadata' }));
}

/** Some texts are on a page twice, once hidden for narrow windows. */
async function shown(what: Locator): Promise<void> {
  await what.locator('visible=true').first().waitFor(patience);
}
