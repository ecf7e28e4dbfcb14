import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { applySamplePlan } from '../../lib/cli/sample-plan.ts';
import { createApiClient } from '../../lib/client/api-client.ts';
import { startBrowser } from '../support/browser.ts';
import { startTestSystem, type TestSystem } from '../support/local.ts';

let system: TestSystem;
let browser: Browser;
// Where there is no Chromium, the shipped one is unpacked first.
beforeAll(async () => {
  [system, browser] = await Promise.all([startTestSystem(), startBrowser()]);
  await applySamplePlan(createApiClient(system.system.url, system.system.adminKey.token));
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await system?.close();
});

test('a reader signs in, starts the sample plan, and comes to its run', async () => {
  const page = await browser.newPage();
  await page.goto(`${system.system.url}/`);
  await page.getByLabel('API key').fill(system.system.adminKey.token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('No runs yet').waitFor();
  await page.getByRole('button', { name: 'Run a plan' }).click();
  await page.getByRole('button', { name: 'Run now' }).click();
  await page.waitForURL(/\/runs\/\d+$/);
  expect(await page.getByRole('heading', { level: 1 }).textContent()).toContain('storefront');
  await page.close();
});
