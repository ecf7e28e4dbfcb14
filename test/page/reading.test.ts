import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Reader, runOnce, startReader } from '../support/reader.ts';

/** Browsers share the machine with the rest of the suite. */
const timeout = 180_000;
let reader: Reader;
let red: number;
beforeAll(async () => {
  reader = await startReader();
  red = await runOnce(reader.system, { passed: 40, failed: 3, name: 'checkout' });
}, 180_000);
afterAll(() => reader?.close());

test('a run of 10,000 cases is listed within a second, scrolls with a few rows of markup, and is down to its failures at once', {
  timeout,
}, async () => {
  const runId = await runOnce(reader.system, { passed: 9_900, failed: 100, name: 'large' });
  const { page, complaints, picture } = await reader.open('/');
  const spent = await startStopwatch(page);
  let pages = 0;
  const lastPage = page.waitForEvent('requestfinished', {
    predicate: (request) => request.url().includes('/cases?') && ++pages === 10,
    timeout,
  });
  await page.goto(`${reader.system.system.url}/runs/${runId}`);
  await lastPage;
  await spent();
  await page.locator('ul[aria-label="Cases, 10,000 rows"]').waitFor();
  expect(await spent()).toBeLessThan(1_000);
  await picture('large');

  const list = page.getByRole('list', { name: /^Cases/ });
  const rows = list.getByRole('listitem');
  expect(await rows.count()).toBeLessThan(80);
  expect(await rows.first().getAttribute('aria-setsize')).toBe('10000');
  await spent();
  await page.evaluate(scrollFast);
  expect(await spent()).toBeLessThan(frames * 16);
  await page.evaluate('scrollTo(0, document.documentElement.scrollHeight)');
  await list.getByText('case 10000 of the shop').waitFor();
  expect(await rows.count()).toBeLessThan(80);

  await spent();
  await page.keyboard.press('f');
  await page.locator('ul[aria-label="Cases, 100 rows"]').waitFor();
  expect(await spent()).toBeLessThan(250);
  expect(page.url()).toContain('show=failures');
  await page.getByLabel('Search in names and messages').fill('case 101 of');
  await page.locator('ul[aria-label="Cases, 10 rows"]').waitFor();
  expect(complaints).toEqual([]);
  await page.context().close();
});

const frames = 60;
/** Runs in the page: as fast as a wheel turns, a step a frame. A frame has 16 ms. */
const scrollFast = `new Promise((resolve) => {
  let left = ${frames};
  const scroll = () => {
    scrollBy(0, 200);
    left -= 1;
    if (left > 0) requestAnimationFrame(scroll);
    else resolve();
  };
  requestAnimationFrame(scroll);
})`;

/**
 * Answers the milliseconds the page's own thread has worked since it was asked last. The clock on the wall would tell what
 * else the machine is doing.
 */
async function startStopwatch(page: Page): Promise<() => Promise<number>> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  let before = 0;
  return async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    const now = (metrics.find(({ name }) => name === 'ThreadTime')?.value ?? Number.NaN) * 1_000;
    const spent = now - before;
    before = now;
    return spent;
  };
}

test('everything is reached by the keyboard alone', { timeout }, async () => {
  const { page } = await reader.open('/');
  await page.getByRole('link', { name: `checkout #${red}` }).waitFor();
  await page.keyboard.press('Tab');
  expect(await focused(page)).toBe('Skip to the content');
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  while (!(await focused(page)).startsWith(`checkout #${red}`)) await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/runs\/\d+/);
  await page.getByRole('list', { name: /^Cases/ }).waitFor();
  expect(await page.evaluate('document.activeElement.id')).toBe('main');

  // The first failure is open; the next one opens by the keyboard, and a third is picked.
  await page.keyboard.press('j');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  expect(await page.locator('[aria-expanded=true]').count()).toBe(2);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('x');
  await page.getByRole('button', { name: 'Rerun 1 picked case' }).waitFor();
  await page.keyboard.press('End');
  expect(await focused(page)).toContain('case 43 of the shop');
  await page.keyboard.press('Home');
  expect(await focused(page)).toContain('case 1 of the shop');
  await page.keyboard.press('r');
  expect(await focused(page)).toBe('Rerun 1 picked case');
  await page.keyboard.press('/');
  await page.keyboard.type('nothing like it');
  await page.getByText('No case fits the filter.').waitFor();
  await page.context().close();
});

describe('accessibility', () => {
  const themes = ['light', 'dark'] as const;
  test.each(themes)(
    'finds nothing serious in list, run and dialogs, in %s colours',
    { timeout },
    async (colorScheme) => {
      const { page, picture } = await reader.open('/', { key: null, colorScheme });
      await page.getByLabel('API key').fill(reader.system.system.adminKey.token);
      await page.getByText('Where do I get a key?').click();
      expect(await problemsOf(page)).toEqual([]);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByRole('link', { name: `checkout #${red}` }).waitFor();
      expect(await problemsOf(page)).toEqual([]);
      await picture(`runs-${colorScheme}`);
      await page.getByRole('button', { name: 'Run a plan' }).click();
      await page
        .getByRole('option', { name: /checkout/ })
        .last()
        .waitFor({ state: 'attached' });
      expect(await problemsOf(page)).toEqual([]);
      await picture(`dialog-${colorScheme}`);
      await page.getByRole('button', { name: 'Cancel' }).click();
      await page.getByRole('link', { name: `checkout #${red}` }).click();
      await page.getByLabel(/^Stack of/).waitFor();
      expect(await problemsOf(page)).toEqual([]);
      await picture(`run-${colorScheme}`);
      for (const tab of ['Why is it red?', 'Attempts 1']) {
        await page.getByRole('link', { name: tab }).click();
        await page.locator('.why, .attempts').waitFor();
        expect(await problemsOf(page)).toEqual([]);
      }
      await page.context().close();
    },
  );
});

test('a phone shows list and run without scrolling sideways', { timeout }, async () => {
  const { page, picture } = await reader.open('/', {
    viewport: { width: 390, height: 844 },
    isMobile: true,
    hasTouch: true,
  });
  const overflow = () =>
    page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');
  await page.getByRole('link', { name: `checkout #${red}` }).waitFor();
  expect(await overflow()).toBe(0);
  await picture('phone-runs');
  await page.getByRole('link', { name: `checkout #${red}` }).tap();
  await page.getByLabel(/^Stack of/).waitFor();
  expect(await overflow()).toBe(0);
  await picture('phone-run');
  for (const tab of ['Why is it red?', 'Attempts 1']) {
    await page.getByRole('link', { name: tab }).tap();
    await page.locator('.why, .attempts').waitFor();
    expect(await overflow()).toBe(0);
  }
  await page.context().close();
});

test('colours follow the device until somebody chooses, and the choice is kept', { timeout }, async () => {
  const { page } = await reader.open('/', { colorScheme: 'dark' });
  const ground = () => page.evaluate<string>('getComputedStyle(document.documentElement).backgroundColor');
  await page.getByRole('heading', { name: 'Runs' }).waitFor();
  const dark = await ground();
  await page.emulateMedia({ colorScheme: 'light' });
  const light = await ground();
  expect(dark).not.toBe(light);
  await page.getByRole('button', { name: /^Colours: as the device/ }).click();
  await page.getByRole('button', { name: /^Colours: light/ }).click();
  expect(await ground()).toBe(dark);
  await page.reload();
  await page.getByRole('button', { name: /^Colours: dark/ }).waitFor();
  expect(await ground()).toBe(dark);
  await page.context().close();
});

function focused(page: Page): Promise<string> {
  return page.evaluate<string>('document.activeElement?.textContent ?? ""');
}

/** What axe calls serious or critical. */
async function problemsOf(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<axe.AxeResults>('axe.run(document, { resultTypes: ["violations"] })');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary ?? ''}`));
}
